/**
 * A user's production builds: a small program is built, minified, by each of the bundlers in use, and what comes out
 * must print in Node what the program prints unbundled. Run by `check-packages.ts` on what a registry would serve.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';

/** Trains XOR and prints what a user looks at: model, optimizer, losses, and an error. */
const program = `
import { KindlingError, manualSeed, Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

manualSeed(0);
const x = tensor([[0, 0], [0, 1], [1, 0], [1, 1]], { dtype: 'float32' });
const y = tensor([[0], [1], [1], [0]], { dtype: 'float32' });
const model = new nn.Sequential(new nn.Linear(2, 8), new nn.Tanh(), new nn.Linear(8, 1));
const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 });
const scheduler = new optim.lrScheduler.StepLR(optimizer, 50);
const lossFn = new nn.BCEWithLogitsLoss();
const losses = [];
for (let step = 0; step < 200; step++) {
  const loss = lossFn(model(x), y);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  scheduler.step();
  if (step % 20 === 0) losses.push(loss.item());
}
console.log(String(model));
console.log(String(optimizer));
console.log(String(lossFn), scheduler.constructor.name, Tensor.name);
try {
  model(tensor([1, 2, 3]));
} catch (error) {
  console.log(error instanceof KindlingError, error.name, error.message);
}
console.log(JSON.stringify(losses));
`;

/** Prints the name of every class that the packages export. */
const names = `
import * as core from '@kindling/core';
import * as distributions from '@kindling/distributions';
import * as metrics from '@kindling/metrics';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';

function show(exports, path) {
  for (const [key, value] of Object.entries(exports)) {
    // A namespace, which bundlers make a plain object of.
    if (typeof value === 'object' && [null, Object.prototype].includes(Object.getPrototypeOf(value)))
      show(value, path + key + '.');
    else if (typeof value === 'function' && value.prototype !== undefined && /^[A-Z]/.test(key))
      console.log(path + key, value.name);
  }
}
show({ core, distributions, metrics, nn, optim }, '');
`;

interface Build {
  readonly project: string;
  readonly entry: string;
  readonly out: string;
}

const bin = (name: string): string => join(import.meta.dirname, 'node_modules/.bin', name);

function runTool(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`);
}

const withEsbuild = ({ entry, out }: Build) =>
  esbuild.build({
    entryPoints: [entry],
    outfile: join(out, 'main.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    logLevel: 'silent',
  });

/** Each as its users call it for a page. */
const bundlers: Readonly<Record<string, (build: Build) => unknown>> = {
  'Vite 8': ({ project, out }) =>
    vite({
      root: project,
      configFile: false,
      logLevel: 'error',
      // What Vite adds for pages of several chunks asks for a document.
      build: { outDir: out, emptyOutDir: true, modulePreload: { polyfill: false } },
    }),
  'webpack 5': ({ project, entry, out }) =>
    new Promise<void>((resolve, reject) => {
      webpack({ mode: 'production', context: project, entry, output: { path: out } }, (error, stats) => {
        if (error === null && stats?.hasErrors() === false) resolve();
        else reject(error ?? new Error(stats?.toString('errors-only')));
      });
    }),
  esbuild: withEsbuild,
  async rollup({ entry, out }) {
    const bundle = await rollup({ input: entry, plugins: [nodeResolve()] });
    const { output } = await bundle.generate({ format: 'es' });
    const { code } = await esbuild.transform(output[0].code, { minify: true, format: 'esm' });
    writeFileSync(join(out, 'main.js'), code);
  },
  'bun build': ({ project, entry, out }) =>
    runTool(bin('bun'), ['build', entry, '--minify', '--target=browser', `--outdir=${out}`], project),
  Parcel: ({ project, out }) =>
    runTool(
      bin('parcel'),
      ['build', 'index.html', '--no-cache', '--no-source-maps', '--log-level=error', `--dist-dir=${out}`],
      project,
    ),
};

function runInNode(file: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
  return stdout + stderr;
}

/** The one script that a build wrote. */
function scriptOf(out: string): string {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.js'),
  );
  if (files.length !== 1) throw new Error(`expected one script, got ${files.join(', ') || 'none'}`);
  return join(out, files[0] as string);
}

/** Names of the library's classes that a bundle holds. */
const classesIn = (code: string): string[] =>
  [...code.matchAll(/static get name\(\)\s*\{\s*return\s*["'`](\w+)/g)].map(([, name]) => name as string);

/** What is wrong with the bundle of the program. */
function faultsOf(script: string, expected: string): string[] {
  const printed = runInNode(script);
  const needless = classesIn(readFileSync(script, 'utf8')).filter((name) =>
    [
      'Conv2d',
      'BatchNorm1d',
      'MultiheadAttention',
      'CTCLoss',
      'CrossEntropyLoss',
      'SGD',
      'GELU',
      'DataLoader',
    ].includes(name),
  );
  return [
    ...(printed === expected ? [] : [`prints\n${printed}\ninstead of\n${expected}`]),
    ...needless.map((name) => `holds ${name}, which the program does not use`),
  ];
}

/** Whether docs/browsers.md says, to a twentieth, what the bundle of the program weighs. */
function faultsOfWeight(script: string): string[] {
  const page = readFileSync(join(import.meta.dirname, '../docs/browsers.md'), 'utf8');
  const [, ...said] = /about (\d+) kB, minified \((\d+) kB by gzip\)/.exec(page) ?? [];
  const code = readFileSync(script);
  const found = [code.length, gzipSync(code).length].map((bytes) => Math.round(bytes / 1000));
  const isTrue = found.every((size, i) => Math.abs(Number(said[i]) - size) <= size / 20);
  return isTrue ? [] : [`the page says ${said.join(' and ') || 'nothing'}, they are ${found.join(' and ')}`];
}

/** Builds in a project that has the packages installed, and runs; `report` gets each bundler's name and faults. */
export async function checkBundlers(
  project: string,
  report: (name: string, faults: readonly string[]) => void,
): Promise<void> {
  const entry = join(project, 'program.js');
  writeFileSync(entry, program);
  writeFileSync(
    join(project, 'index.html'),
    '<!doctype html><script type="module" src="program.js"></script>',
  );
  const expected = runInNode(entry);
  for (const [name, bundle] of Object.entries(bundlers)) {
    const out = join(project, 'bundled', name.replace(' ', '-'));
    mkdirSync(out, { recursive: true });
    const started = performance.now();
    try {
      await bundle({ project, entry, out });
      const script = scriptOf(out);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const kilobytes = Math.round(statSync(script).size / 1000);
      report(`built by ${name} (${kilobytes} kB, in ${seconds} s)`, faultsOf(script, expected));
      if (name === 'Vite 8') report('kilobytes in docs/browsers.md', faultsOfWeight(script));
    } catch (error) {
      report(`built by ${name}`, [String(error)]);
    }
  }
  report('names of classes, minified', await faultsOfNames(project));
}

async function faultsOfNames(project: string): Promise<string[]> {
  const entry = join(project, 'names.js');
  writeFileSync(entry, names);
  const out = join(project, 'bundled/names');
  await withEsbuild({ project, entry, out });
  const expected = runInNode(entry);
  const printed = runInNode(scriptOf(out));
  return printed === expected && printed.includes('nn.Linear Linear')
    ? []
    : [`are\n${printed}\ninstead of\n${expected}`];
}
