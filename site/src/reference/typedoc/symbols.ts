import { type DeclarationReflection, type ProjectReflection, ReflectionKind, type Router } from 'typedoc';

/** Where each public name is described, by package: `{ '@kindling/nn': { Linear: 'nn/Linear.html', ... } }`. */
export type SymbolPages = Record<string, Record<string, string>>;

/** Names as users write them after an import of the package: `Linear`, `F.relu`, `Tensor.reshape`, `Linear.forward`. */
export function symbolPages(project: ProjectReflection, router: Router): SymbolPages {
  const pages: SymbolPages = {};
  for (const module of project.children ?? []) {
    const ofModule: Record<string, string> = {};
    collect(module, '', ofModule, router);
    pages[module.name] = ofModule;
  }
  return pages;
}

const holdsNames = ReflectionKind.Namespace | ReflectionKind.Class | ReflectionKind.Interface;

function collect(
  owner: DeclarationReflection,
  prefix: string,
  names: Record<string, string>,
  router: Router,
): void {
  for (const child of owner.children ?? []) {
    // A name may be exported again, from another package or under another name.
    const target = child.isReference() ? child.tryGetTargetReflectionDeep() : child;
    if (!target?.isDeclaration() || !router.hasUrl(target)) continue;
    const name = prefix + child.name;
    names[name] ??= router.getFullUrl(target);
    if (target.kindOf(holdsNames) && !target.kindOf(ReflectionKind.Constructor))
      collect(target, `${name}.`, names, router);
  }
}
