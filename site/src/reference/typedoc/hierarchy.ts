/** What classes extend, by name: the arguments of generic bases, which fill a page, stand in the sources. */
import {
  type Context,
  Converter,
  type DeclarationHierarchy,
  type ReferenceType,
  ReflectionKind,
  type SomeType,
} from 'typedoc';

const classLike = ReflectionKind.Class | ReflectionKind.Interface;

export function nameBases(converter: Converter): void {
  // After what makes hierarchies.
  converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }: Context) => {
      for (const owner of project.getReflectionsByKind(classLike))
        if (owner.isDeclaration())
          for (let level: DeclarationHierarchy | undefined = owner.typeHierarchy; level; level = level.next)
            level.types = level.types.map(named);
    },
    -60,
  );
}

function named(type: SomeType): SomeType {
  // Of a class and the fields that its options add, the class.
  if (type.type === 'intersection') return named(type.types[0] ?? type);
  if (type.type !== 'reference' || type.typeArguments === undefined) return type;
  const bare: ReferenceType = Object.create(Object.getPrototypeOf(type));
  Object.assign(bare, type);
  delete bare.typeArguments;
  return bare;
}
