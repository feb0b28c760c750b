/**
 * A layer inherits some fifty members of Module, a Parameter four hundred of Tensor. They stand on the page of the
 * class that has them; the pages of others list their names, with links.
 */
import {
  type Context,
  Converter,
  type DeclarationReflection,
  type Reflection,
  ReflectionFlag,
  ReflectionKind,
} from 'typedoc';
import ts from 'typescript';

/** What a class inherits, by the class that has it. */
export type Inherited = Map<Reflection, Map<DeclarationReflection, DeclarationReflection[]>>;

const classLike = ReflectionKind.Class | ReflectionKind.Interface;

/** Takes inherited members off the pages of classes, and returns what is filled with them. */
export function takeInherited(converter: Converter): Inherited {
  const inherited: Inherited = new Map();
  const declaredBy = new Map<DeclarationReflection, ts.Symbol>();
  const having = new Map<DeclarationReflection, readonly ts.Symbol[]>();
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context: Context, member: DeclarationReflection) => {
    const owner = declaringClass(context, member);
    if (owner !== undefined) declaredBy.set(member, owner);
    having.set(member, classesAbove(context, member));
  });
  // Before what groups members, and after what finds from where they are inherited.
  converter.on(
    Converter.EVENT_RESOLVE_END,
    (context: Context) => {
      for (const owner of context.project.getReflectionsByKind(classLike))
        if (owner.isDeclaration()) takeFrom(context, owner);
    },
    -50,
  );

  function takeFrom(context: Context, owner: DeclarationReflection): void {
    for (const member of [...(owner.children ?? [])]) {
      // What a class does for the class above it is told of there, to those who write such a class.
      const isForOthers = member.flags.isProtected && (having.get(member)?.length ?? 0) > 0;
      if (isForOthers || isHidden(member)) {
        context.project.removeReflection(member);
        continue;
      }
      const base = baseOf(context, owner, member);
      const origin = base?.children?.find(({ name }) => name === member.name);
      if (base === undefined || origin === undefined) showAsOwn(member);
      // Options extend one another, and are read in one place.
      else if (base.kindOf(ReflectionKind.Class) && !member.kindOf(ReflectionKind.Constructor)) {
        const ofOwner = inherited.get(owner) ?? new Map<DeclarationReflection, DeclarationReflection[]>();
        inherited.set(owner, ofOwner.set(base, [...(ofOwner.get(base) ?? []), origin]));
        context.project.removeReflection(member);
      }
    }
  }

  /** The class that has the member, if it is another one with a page. */
  function baseOf(
    context: Context,
    owner: DeclarationReflection,
    member: DeclarationReflection,
  ): DeclarationReflection | undefined {
    const symbol = declaredBy.get(member);
    if (symbol !== undefined) {
      // A class that others are made of may have no page: what is in it stands with the first of them that has.
      const classes = having.get(member) ?? [];
      for (const one of classes
        .slice(0, classes.findIndex((one) => one.valueDeclaration === symbol.valueDeclaration) + 1)
        .toReversed()) {
        const base = context.getReflectionFromSymbol(one);
        if (base?.isDeclaration()) return base === owner ? undefined : base;
      }
      return undefined;
    }
    // What a mapped type made has no class that declares it: the next base that has it.
    const bases =
      owner.extendedTypes?.map((type) => (type.type === 'reference' ? type.reflection : undefined)) ?? [];
    return bases.filter((base) => base?.isDeclaration()).find((base) => base?.getChildByName(member.name)) as
      | DeclarationReflection
      | undefined;
  }

  return inherited;
}

function declaringClass(context: Context, member: DeclarationReflection): ts.Symbol | undefined {
  const parent = context.getSymbolFromReflection(member)?.declarations?.[0]?.parent;
  if (parent === undefined || !(ts.isClassDeclaration(parent) || ts.isInterfaceDeclaration(parent)))
    return undefined;
  return parent.name && context.getSymbolAtLocation(parent.name);
}

/** Members by symbols that the library keeps to itself. */
const isHidden = ({ name }: DeclarationReflection): boolean =>
  name.startsWith('[') && !/^\[(?:iterator|toPrimitive)\]$/.test(name);

/** The classes above the one that has a member which have it too, from that on upwards. */
function classesAbove(context: Context, { name, parent }: DeclarationReflection): ts.Symbol[] {
  const owner = parent && context.getSymbolFromReflection(parent);
  const declared = owner?.declarations?.find(ts.isClassDeclaration);
  const classes: ts.Symbol[] = [];
  let type = declared && context.checker.getTypeAtLocation(declared);
  for (;;) {
    [type] = type?.getBaseTypes() ?? [];
    if (type?.getProperty(name) === undefined) return classes;
    classes.push(type.symbol);
  }
}

/** A member of a base that has no page is the class's own to readers. */
function showAsOwn(member: DeclarationReflection): void {
  for (const reflection of [member, ...(member.signatures ?? [])]) {
    if (reflection.inheritedFrom?.reflection !== undefined) continue;
    delete reflection.inheritedFrom;
    reflection.setFlag(ReflectionFlag.Inherited, false);
  }
}
