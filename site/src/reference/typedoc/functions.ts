/**
 * Kindling's functions are mostly values (`const relu = unary(...)`), and a Tensor's methods a mapped type over them.
 * Readers call them, so that the reference shows what can be called as functions and methods, with parameters, whatever
 * declared it.
 */
import {
  Comment,
  Context,
  Converter,
  type DeclarationReflection,
  ParameterReflection,
  ReflectionFlag,
  ReflectionKind,
  type SignatureReflection,
} from 'typedoc';
import ts from 'typescript';

/** Has typedoc take a variable that can be called for a function, and one that makes instances for a class. */
export function markFunctions(): void {
  const { getComment } = Context.prototype;
  Context.prototype.getComment = function (symbol, kind) {
    const comment = getComment.call(this, symbol, kind);
    const tag = kind === ReflectionKind.Variable ? tagOf(this, symbol) : undefined;
    if (tag === undefined) return comment;
    const marked = comment ?? new Comment();
    marked.modifierTags.add(tag);
    return marked;
  };
}

function tagOf(context: Context, symbol: ts.Symbol): '@function' | '@class' | undefined {
  const type = context.checker.getTypeOfSymbol(symbol);
  if (type.getConstructSignatures().length > 0) return '@class';
  return type.getCallSignatures().length > 0 ? '@function' : undefined;
}

/**
 * Makes methods of properties that were declared as functions, and gives signatures the parameters that mapped types
 * hide.
 */
export function methodsOfProperties(converter: Converter): void {
  converter.on(Converter.EVENT_CREATE_SIGNATURE, spreadTuple);
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context: Context, reflection: DeclarationReflection) => {
    if (reflection.kindOf(ReflectionKind.Property) && wasFunction(context, reflection))
      toMethod(context, reflection);
  });
}

function wasFunction(context: Context, property: DeclarationReflection): boolean {
  const declarations = context.getSymbolFromReflection(property)?.declarations ?? [];
  const named = declarations.some(
    (x) =>
      ts.isFunctionDeclaration(x) ||
      ts.isVariableDeclaration(x) ||
      ts.isBindingElement(x) ||
      ts.isExportSpecifier(x),
  );
  return named && property.type?.type === 'reflection' && property.type.declaration.signatures !== undefined;
}

function toMethod(context: Context, property: DeclarationReflection): void {
  if (property.type?.type !== 'reflection') return;
  const { declaration } = property.type;
  const signatures = declaration.signatures ?? [];
  delete declaration.signatures;
  context.project.removeReflection(declaration);
  delete property.type;
  delete property.defaultValue;
  property.kind = ReflectionKind.Method;
  property.signatures = signatures;
  const comments = commentsOf(context, property);
  for (const [i, signature] of signatures.entries()) {
    signature.name = property.name;
    signature.parent = property;
    signature.parameters = (signature.parameters ?? []).filter(({ name }) => name !== 'this');
    const comment = (comments[i] ?? comments[0])?.clone();
    if (signature.comment === undefined && comment !== undefined) signature.comment = comment;
  }
  delete property.comment;
}

/** The comments of the function that a method is, one an overload. */
function commentsOf(context: Context, property: DeclarationReflection): (Comment | undefined)[] {
  if (property.comment !== undefined) return [property.comment];
  const declarations = context.getSymbolFromReflection(property)?.declarations ?? [];
  return declarations.filter(ts.isFunctionDeclaration).map((x) => context.getSignatureComment(x));
}

/** Parameters that a mapped type made, `(...args: [b: Operand, options?: AlphaOptions])`, one by one. */
function spreadTuple(context: Context, signature: SignatureReflection): void {
  signature.parameters = (signature.parameters ?? []).flatMap((parameter) => {
    const { type } = parameter;
    if (!parameter.flags.isRest || type?.type !== 'tuple') return [parameter];
    return type.elements.map((element, i) => {
      const named = element.type === 'namedTupleMember' ? element : undefined;
      const inner = named?.element ?? element;
      const made = new ParameterReflection(
        named?.name ?? (i > 0 ? `input${i + 1}` : 'input'),
        ReflectionKind.Parameter,
        signature,
      );
      made.setFlag(ReflectionFlag.Optional, named?.isOptional ?? false);
      made.setFlag(ReflectionFlag.Rest, inner.type === 'rest');
      made.type = inner.type === 'rest' ? inner.elementType : inner;
      context.registerReflection(made, undefined);
      return made;
    });
  });
}

/** Docstrings write shapes as PyTorch does, `(*, inFeatures)`; a star in them begins no emphasis. */
export function starsInText(converter: Converter): void {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
    for (const reflection of Object.values(project.reflections)) {
      const { comment } = reflection;
      for (const part of [
        comment?.summary ?? [],
        ...(comment?.blockTags.map(({ content }) => content) ?? []),
      ].flat())
        if (part.kind === 'text') part.text = part.text.replace(/(?<!\\)\*(?=[,)\]])/g, '\\*');
    }
  });
}
