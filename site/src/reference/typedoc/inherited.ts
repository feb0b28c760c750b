/**
 * A layer inherits some fifty members of Module, a Parameter four hundred of Tensor. They stand on the page of the class that
 * has them; the pages of others list their names, with links.
 */
import { Converter, type Context, type DeclarationReflection, ReflectionKind } from 'typedoc';

/** What a class inherits, by the class that has it. */
export type Inherited = Map<DeclarationReflection, Map<DeclarationReflection, DeclarationReflection[]>>;

const classLike = ReflectionKind.Class | ReflectionKind.Interface;

/** Takes inherited members off the pages of classes, and returns what is filled with them. */
export function takeInherited(converter: Converter): Inherited {
  const inherited: Inherited = new Map();
  // Before what groups members, and after what finds from where they are inherited.
  converter.on(
    Converter.EVENT_RESOLVE_END,
    (context: Context) => {
      for (const owner of context.project.getReflectionsByKind(classLike))
        if (owner.isDeclaration()) takeFrom(context, owner, inherited);
    },
    -50,
  );
  return inherited;
}

function takeFrom(context: Context, owner: DeclarationReflection, inherited: Inherited): void {
  for (const member of [...(owner.children ?? [])]) {
    const origin = originOf(member);
    const base = origin?.parent;
    if (origin === undefined || !base?.isDeclaration() || base === owner) continue;
    // Options extend one another, and are read in one place.
    if (!base.kindOf(ReflectionKind.Class) || member.kindOf(ReflectionKind.Constructor)) continue;
    const ofOwner = inherited.get(owner) ?? new Map<DeclarationReflection, DeclarationReflection[]>();
    ofOwner.set(base, [...(ofOwner.get(base) ?? []), origin]);
    inherited.set(owner, ofOwner);
    context.project.removeReflection(member);
  }
}

function originOf(member: DeclarationReflection): DeclarationReflection | undefined {
  const reference = member.inheritedFrom ?? member.signatures?.[0]?.inheritedFrom ?? member.getSignature?.inheritedFrom;
  const target = reference?.reflection;
  const declaration = target?.isSignature() ? target.parent : target;
  return declaration?.isDeclaration() ? declaration : undefined;
}
