/** Every public name says what it is, whom it follows and what it throws. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from '@typescript/typescript6';
import { describe, expect, it } from 'vitest';
import { type PublicName, publicNames } from './support/public-surface.ts';
import { packages } from './support/sources.ts';

const names = publicNames();

/** The names that fail, grouped by the file that declares them; empty if there are none. */
function byFile(failing: readonly PublicName[]): string {
  const files = [...new Set(failing.map(({ file }) => file))].sort();
  const namesIn = (file: string) => failing.filter((name) => name.file === file).map(({ name }) => name);
  return files.map((file) => `${file}: ${namesIn(file).join(', ')}`).join('\n');
}

/** Whom a function or class follows: PyTorch or another library, a paper, or nobody. */
const origin = /Follows `|PyTorch|`torch\.|https?:\/\/|arXiv|et al\.|\(\d{4}\)|Kindling's own/;

/**
 * Whether a name says whom it follows: itself, by a link to one that does, or by the first comment of its folder's
 * face.
 */
function saysOrigin({ file, documentation }: PublicName, links = 3): boolean {
  if (origin.test(documentation)) return true;
  const face = join(packages, dirname(file), 'index.ts');
  const [, overview = ''] =
    (existsSync(face) && /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(face, 'utf8'))) || [];
  if (overview.replace(/\s*\*\s*/g, ' ').includes("Kindling's own")) return true;
  const linked = [...documentation.matchAll(/\{@link ([\w.]+)\}/g)].map(([, name]) => name);
  return links > 0 && names.some((name) => linked.includes(name.name) && saysOrigin(name, links - 1));
}

const errors = /^(Kindling|Shape|DType|Index|Autograd|Value)Error$/;

/** Whether code throws an error for its input: itself, or by a check whose name says so. */
function refusesInput(node: ts.Node): boolean {
  if (ts.isThrowStatement(node) && ts.isNewExpression(node.expression)) {
    if (errors.test(node.expression.expression.getText())) return true;
  }
  if (ts.isCallExpression(node) && /^(check|require|refuse)[A-Z]/.test(node.expression.getText())) {
    // What is no tensor at all, and what is too much, the types refuse.
    if (!['requireTensors', 'refuseExcess'].includes(node.expression.getText())) return true;
  }
  return ts.forEachChild(node, (child) => refusesInput(child) || undefined) ?? false;
}

/** The bodies of a function, of a constant that is one, of a method, of a class's constructor. */
function bodiesOf(declaration: ts.Declaration): ts.Node[] {
  if (ts.isFunctionLike(declaration) && 'body' in declaration)
    return declaration.body ? [declaration.body] : [];
  if (ts.isClassDeclaration(declaration)) {
    return declaration.members.filter(ts.isConstructorDeclaration).flatMap(bodiesOf);
  }
  const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  return value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))
    ? [value.body]
    : [];
}

describe('public names', () => {
  it('are documented', () => {
    expect(byFile(names.filter(({ documentation }) => documentation === ''))).toBe('');
  });

  it('say whom they follow, functions and classes', () => {
    const silent = names.filter(
      (name) =>
        (name.kind === 'function' || name.kind === 'class') &&
        !name.tags.has('internal') &&
        !saysOrigin(name),
    );
    expect(byFile(silent)).toBe('');
  });

  it('say what they throw', () => {
    const silent = names.filter(
      ({ tags, declarations }) => !tags.has('throws') && declarations.flatMap(bodiesOf).some(refusesInput),
    );
    expect(byFile(silent)).toBe('');
  });

  it('have an example, 150 of them', () => {
    const shown = names.filter(({ kind, tags }) => kind !== 'member' && tags.has('example'));
    expect(shown.length).toBeGreaterThanOrEqual(150);
  });
});
