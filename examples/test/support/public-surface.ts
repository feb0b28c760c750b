/**
 * Everything that users of the packages can name: exports, members of exported classes, properties of exported types.
 */
import { join } from 'node:path';
import ts from '@typescript/typescript6';
import { packages, root } from './sources.ts';

const entryPoints = ['core/src/index.ts', 'core/src/testing/index.ts', 'core/src/node/index.ts'].concat(
  ['nn', 'optim', 'metrics', 'distributions', 'tensorboard', 'interop'].map((name) => `${name}/src/index.ts`),
);

export interface PublicName {
  /** As a user writes it, `F.relu` or `Module.forward`. */
  readonly name: string;
  /** The declaring file, relative to `packages`. */
  readonly file: string;
  readonly kind: 'function' | 'class' | 'member' | 'other';
  readonly declarations: readonly ts.Declaration[];
  /** The doc comment on one line, its tags left out. */
  readonly documentation: string;
  readonly tags: ReadonlySet<string>;
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

/** Members that no user of an object sees, and those that a base class declares and documents. */
function isHidden(member: ts.Declaration): boolean {
  const hiding = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;
  const name = ts.getNameOfDeclaration(member);
  return (
    name === undefined ||
    ts.isPrivateIdentifier(name) ||
    ts.isComputedPropertyName(name) ||
    (ts.getCombinedModifierFlags(member) & hiding) !== 0
  );
}

/** The members that the declaration of a class, an interface or an object type lists. */
function membersOf(declaration: ts.Declaration): readonly ts.Declaration[] {
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration))
    return declaration.members;
  if (!ts.isTypeAliasDeclaration(declaration)) return [];
  const parts = ts.isIntersectionTypeNode(declaration.type) ? declaration.type.types : [declaration.type];
  return parts.flatMap((part) => (ts.isTypeLiteralNode(part) ? [...part.members] : []));
}

/** Every public name of the packages, each once, however many names it is exported under. */
export function publicNames(): PublicName[] {
  const program = ts.createProgram(
    entryPoints.map((path) => join(packages, path)),
    options,
  );
  const checker = program.getTypeChecker();
  const names: PublicName[] = [];
  const seen = new Set<ts.Symbol>();

  const add = (name: string, symbol: ts.Symbol, kind: PublicName['kind']): void => {
    const declarations = symbol.declarations ?? [];
    const [first] = declarations;
    if (first === undefined) return;
    names.push({
      name,
      file: first.getSourceFile().fileName.slice(packages.length + 1),
      kind,
      declarations,
      documentation: ts
        .displayPartsToString(symbol.getDocumentationComment(checker))
        .replace(/\s+/g, ' ')
        .trim(),
      tags: new Set(symbol.getJsDocTags(checker).map((tag) => tag.name)),
    });
  };

  const kindOf = (symbol: ts.Symbol): PublicName['kind'] => {
    if (symbol.flags & ts.SymbolFlags.Class) return 'class';
    if (!(symbol.flags & ts.SymbolFlags.Value)) return 'other';
    return checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0 ? 'function' : 'other';
  };

  // What is exported under its own name and in a namespace too goes by its own: namespaces come last.
  const visit = (module: ts.Symbol, prefix: string): void => {
    const namespaces: [symbol: ts.Symbol, prefix: string][] = [];
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const name = prefix + exported.name;
      if (seen.has(symbol)) continue;
      seen.add(symbol);
      if (symbol.declarations?.some(ts.isSourceFile)) {
        namespaces.push([symbol, `${name}.`]);
        continue;
      }
      add(name, symbol, kindOf(symbol));
      for (const member of (symbol.declarations ?? []).flatMap(membersOf)) {
        const named = isHidden(member)
          ? undefined
          : checker.getSymbolAtLocation(ts.getNameOfDeclaration(member) as ts.Node);
        if (named === undefined || seen.has(named)) continue;
        seen.add(named);
        add(`${name}.${named.name}`, named, 'member');
      }
    }
    for (const [symbol, name] of namespaces) visit(symbol, name);
  };
  for (const path of entryPoints) {
    const file = program.getSourceFile(join(packages, path));
    const module = file && checker.getSymbolAtLocation(file);
    if (module === undefined) throw new Error(`${path} exports nothing`);
    visit(module, '');
  }
  return names;
}
