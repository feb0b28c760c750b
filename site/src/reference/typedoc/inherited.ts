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
  const declaredAbove = new Set<DeclarationReflection>();
  const above = new Map<DeclarationReflection, readonly ts.Symbol[]>();
  /** For classes without a page, the one class made of them that has one. */
  const homes = new Map<ts.Declaration | undefined, DeclarationReflection | null>();
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context: Context, member: DeclarationReflection) => {
    if (member.kindOf(ReflectionKind.Class)) above.set(member, classesAbove(context, member));
    const owner = declaringClass(context, member);
    if (owner !== undefined) declaredBy.set(member, owner);
    if (isDeclaredAbove(context, member)) declaredAbove.add(member);
  });
  // Before what groups members, and after what finds from where they are inherited.
  converter.on(
    Converter.EVENT_RESOLVE_END,
    (context: Context) => {
      for (const [owner, classes] of above) findHomes(context, owner, classes);
      for (const owner of context.project.getReflectionsByKind(classLike))
        if (owner.isDeclaration()) takeFrom(context, owner);
    },
    -50,
  );

  function findHomes(context: Context, owner: DeclarationReflection, classes: readonly ts.Symbol[]): void {
    for (const one of classes) {
      if (context.getReflectionFromSymbol(one) !== undefined) return;
      homes.set(one.valueDeclaration, homes.has(one.valueDeclaration) ? null : owner);
    }
  }

  function takeFrom(context: Context, owner: DeclarationReflection): void {
    for (const member of [...(owner.children ?? [])]) {
      // What a class does for the class above it is told of there, to those who write such a class.
      const isForOthers = member.flags.isProtected && declaredAbove.has(member);
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
      const base = context.getReflectionFromSymbol(symbol) ?? homes.get(symbol.valueDeclaration);
      return base?.isDeclaration() && base !== owner ? base : undefined;
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

/** The classes that a class is made of, from the next one upwards. */
function classesAbove(context: Context, owner: DeclarationReflection): ts.Symbol[] {
  const classes: ts.Symbol[] = [];
  let declared = context.getSymbolFromReflection(owner)?.declarations?.find(ts.isClassDeclaration);
  for (;;) {
    const clause = declared?.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const named = clause?.types[0] && context.getSymbolAtLocation(clause.types[0].expression);
    const symbol =
      named && (named.flags & ts.SymbolFlags.Alias ? context.checker.getAliasedSymbol(named) : named);
    declared = symbol?.declarations?.find(ts.isClassDeclaration);
    if (symbol === undefined || declared === undefined) return classes;
    classes.push(symbol);
  }
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

/** Whether a class above the one that has the member names it too. */
function isDeclaredAbove(context: Context, { name, parent }: DeclarationReflection): boolean {
  const owner = parent && context.getSymbolFromReflection(parent);
  const declared = owner?.declarations?.find(ts.isClassDeclaration);
  const [base] = (declared && context.checker.getTypeAtLocation(declared).getBaseTypes()) ?? [];
  return base?.getProperty(name) !== undefined;
}

/** A member of a base that has no page is the class's own to readers. */
function showAsOwn(member: DeclarationReflection): void {
  for (const reflection of [member, ...(member.signatures ?? [])]) {
    if (reflection.inheritedFrom?.reflection !== undefined) continue;
    delete reflection.inheritedFrom;
    reflection.setFlag(ReflectionFlag.Inherited, false);
  }
}
