/**
 * Packs every public package as a registry would receive it and checks the tarballs: publint reads the manifest and the
 * files, are-the-types-wrong what TypeScript resolves; then a project that has only the tarballs installed compiles
 * against every entry point (declaration files checked too, also with nothing but ES2020's own types), imports and
 * requires each one, builds a program by every bundler in use, and its editor shows every member of Tensor with its
 * documentation and leads to its function. Run `pnpm build` first.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from '@typescript/typescript6';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { checkBundlers } from './bundlers.ts';
import { faultsOfMembers } from './language-service.ts';

const root = join(import.meta.dirname, '..');

function run(command: string, args: readonly string[], cwd: string): { ok: boolean; output: string } {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  return { ok: result.status === 0, output };
}

/** Packs one package into `into`, as it was built before, and returns the tarball's path. */
function pack(folder: string, into: string): string {
  const before = new Set(readdirSync(into));
  const asBuilt = '--config.ignore-scripts=true';
  const packed = run('npx', ['--yes', packageManager, 'pack', '--pack-destination', into, asBuilt], folder);
  const tarball = readdirSync(into).find((file) => !before.has(file));
  if (!packed.ok || tarball === undefined) throw new Error(`could not pack ${folder}:\n${packed.output}`);
  return join(into, tarball);
}

async function lintManifest(tarball: string): Promise<string[]> {
  const data = readFileSync(tarball);
  const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  const { messages, pkg } = await publint({ pack: { tarball: bytes as ArrayBuffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg) ?? message.code}`);
}

function checkTypes(tarball: string): string[] {
  const attw = join(root, 'node_modules', '.bin', 'attw');
  const checked = run(attw, [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'], root);
  return checked.ok ? [] : [`are-the-types-wrong:\n${checked.output}`];
}

/** Installs the tarballs in an empty project, and compiles and runs an import of all their entry points. */
function checkAsUser(tarballs: ReadonlyMap<string, string>, project: string): string[] {
  const entries: string[] = [];
  for (const [name, tarball] of tarballs) {
    const target = join(project, 'node_modules', '@kindling', name);
    mkdirSync(target, { recursive: true });
    const unpacked = run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'], project);
    if (!unpacked.ok) return [`could not unpack ${tarball}: ${unpacked.output}`];
    const { exports } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const code = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    entries.push(...code.map((path) => `@kindling/${name}${path.slice(1)}`));
    const scripts = readdirSync(join(target, 'dist'), { recursive: true, encoding: 'utf8' });
    const count = scripts.filter((path) => path.endsWith('.js')).length;
    // An import costs by the file. Several entries share one more.
    if (count > code.length + (code.length > 1 ? 1 : 0))
      return [`@kindling/${name} has ${count} scripts for ${code.length} entries`];
  }
  // Several packages may depend on one library.
  const shares = new Map([
    ['fast-check', root],
    ['@types/node', root],
    ...[...tarballs.keys()].flatMap(dependenciesOf),
  ]);
  for (const [shared, from] of shares) {
    const link = join(project, 'node_modules', shared);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(from, 'node_modules', shared)), link, 'dir');
  }
  const imports = entries.map((entry, i) => `import * as entry${i} from '${entry}';\n`).join('');
  const source = `${imports}export const all = [${entries.map((_, i) => `entry${i}`).join(', ')}];\n`;
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'main.ts'), source);
  writeFileSync(join(project, 'main.js'), source);
  writeFileSync(join(project, 'main.cjs'), entries.map((entry) => `require('${entry}');\n`).join(''));
  const ran = run(process.execPath, ['main.js'], project);
  // Node 20 says that requiring modules is experimental; later ones do it without a word.
  const required = run(process.execPath, ['--experimental-require-module', 'main.cjs'], project);
  return [
    ...compile(project, { target: 'es2023', lib: ['es2023'], types: ['node'] }),
    ...compile(project, { target: 'es2020', lib: ['es2020'], types: [] }),
    ...(ran.ok ? [] : [`a user's import fails:\n${ran.output}`]),
    ...(required.ok ? [] : [`a user's require fails:\n${required.output}`]),
  ];
}

/** What a package needs beside the others, with the folder that has it. */
function dependenciesOf(name: string): (readonly [dependency: string, from: string])[] {
  const folder = join(root, 'packages', name);
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies)
    .filter((dependency) => !dependency.startsWith('@kindling/'))
    .map((dependency) => [dependency, folder]);
}

/** Compiles main.ts by the two compilers in use. */
function compile(project: string, options: Readonly<Record<string, unknown>>): string[] {
  const config = {
    compilerOptions: { strict: true, noEmit: true, module: 'nodenext', skipLibCheck: false, ...options },
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ ...config, files: ['main.ts'] }));
  return ['tsc', 'tsc6'].flatMap((compiler) => {
    const { ok, output } = run(join(root, 'node_modules/.bin', compiler), ['-p', '.'], project);
    return ok
      ? []
      : [`a user's compilation by ${compiler} with ${JSON.stringify(options)} fails:\n${output}`];
  });
}

/** What an editor shows in the project that {@link checkAsUser} made. */
async function checkEditor(project: string): Promise<string[]> {
  const sources = join(project, 'node_modules/@kindling/core/dist');
  const { Tensor } = (await import(pathToFileURL(join(sources, 'index.js')).href)) as {
    Tensor: { readonly prototype: object };
  };
  const options = {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
  };
  const place = { directory: project, options, sources };
  const { faults } = faultsOfMembers(place, Object.getOwnPropertyNames(Tensor.prototype));
  return faults.map((fault) => `Tensor.${fault}`);
}

function report(name: string, problems: readonly string[]): number {
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${name}`);
  for (const problem of problems) console.log(`        ${problem.replaceAll('\n', '\n        ')}`);
  return problems.length;
}

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string;
};
const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'kindling-packages-')));
const tarballs = new Map<string, string>();
let failures = 0;
try {
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', name);
    if (!existsSync(join(folder, 'package.json'))) continue;
    if (!existsSync(join(folder, 'dist')))
      throw new Error(`packages/${name} is not built: run \`pnpm build\` first`);
    const tarball = pack(folder, temporary);
    tarballs.set(name, tarball);
    failures += report(`packages/${name}`, [...(await lintManifest(tarball)), ...checkTypes(tarball)]);
  }
  failures += report('as a user installs them', checkAsUser(tarballs, temporary));
  await checkBundlers(temporary, (name, problems) => {
    failures += report(name, problems);
  });
  failures += report("as a user's editor shows them", await checkEditor(temporary));
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;
