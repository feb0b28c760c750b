/** What options mean, as the sources of the losses say it: each is documented once, where it is declared. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

interface OptionDoc {
  readonly name: string;
  readonly text: string;
}

interface Declared {
  readonly members: readonly OptionDoc[];
  readonly bases: readonly string[];
}

const folder = join(import.meta.dirname, '../../../packages/nn/src/losses');

/** Every call takes these; the section on reductions speaks of them. */
const ofAll = ['reduction', 'sampleWeight'];

/** A comment as Markdown: what it links to becomes code. */
const plain = (comment: string): string =>
  comment
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .replace(/\|/g, '\\|')
    .trim();

function docOf(node: ts.Node): string {
  const [doc] = ts.getJSDocCommentsAndTags(node);
  return plain(doc === undefined ? '' : (ts.getTextOfJSDocComment(doc.comment) ?? ''));
}

function interfaceOf(node: ts.InterfaceDeclaration): Declared {
  const members = node.members.flatMap((member) =>
    ts.isPropertySignature(member) ? [{ name: member.name.getText(), text: docOf(member) }] : [],
  );
  const bases = (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText()));
  return { members, bases };
}

/** The types of the parameters `options` within a declaration. */
function optionTypes(node: ts.Node): string[] {
  if (ts.isParameter(node) && node.name.getText() === 'options' && node.type) return [node.type.getText()];
  const found: string[] = [];
  node.forEachChild((child) => void found.push(...optionTypes(child)));
  return found;
}

function read() {
  const interfaces = new Map<string, Declared>();
  const takers = new Map<string, string[]>();
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const node of ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true).statements) {
      if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, interfaceOf(node));
      else if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name)
        takers.set(node.name.text, optionTypes(node));
      else if (ts.isVariableStatement(node))
        for (const { name, initializer } of node.declarationList.declarations)
          takers.set(name.getText(), initializer ? optionTypes(initializer) : []);
    }
  }
  return { interfaces, takers };
}

let sources: ReturnType<typeof read> | undefined;

/** The options of a function and of the class that stands for it, without those that every loss takes. */
export function optionDocs(fn: string, className: string): readonly OptionDoc[] {
  sources ??= read();
  const { interfaces, takers } = sources;
  const docs = new Map<string, OptionDoc>();
  const add = (type: string): void => {
    for (const name of type.match(/\w+/g) ?? []) {
      const declared = interfaces.get(name);
      declared?.bases.forEach(add);
      // What is said of an option again is said of it there.
      for (const member of declared?.members ?? []) docs.set(member.name, member);
    }
  };
  for (const name of [fn, className]) takers.get(name)?.forEach(add);
  return [...docs.values()].filter(({ name, text }) => !ofAll.includes(name) && text !== '');
}
