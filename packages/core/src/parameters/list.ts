import { checkArguments, K, signature } from '../arguments/index.ts';
import { fits } from '../arguments/kinds.ts';
import { ValueError } from '../errors.ts';
import { isOfClass, Tensor } from '../tensor.ts';

const several = /* @__PURE__ */ K.kind(
  'a Tensor or an iterable of Tensors',
  (x) => typeof x === 'object' && x !== null && Symbol.iterator in x && !ArrayBuffer.isView(x),
);

const tensorListTakes = signature('tensorList', { caller: K.text, what: K.text, given: several });

const aModel = /* @__PURE__ */ K.kind(
  'a Module',
  (x) => typeof (x as { parameters?: unknown })?.parameters === 'function',
);
const aPair = /* @__PURE__ */ K.kind(
  'a name and a Tensor',
  (x) => Array.isArray(x) && x.length === 2 && typeof x[0] === 'string',
);

/** What a model gives beside its parameters, and what gives them. */
function refuseModels(caller: string, what: string, given: unknown): void {
  const named = fits(aPair, given);
  if (fits(aModel, given) || named) {
    const got = named
      ? `the pair of a name, ${JSON.stringify((given as unknown[])[0])}, and a Tensor`
      : 'a Module';
    throw new ValueError(`${caller}: ${what}: expected Tensors, got ${got}; write model.parameters()`);
  }
}

/**
 * The tensors that `caller` was given as its argument `what`: one, or what can be iterated, as `model.parameters()`.
 * For functions of all parameters of a model. Kindling's own.
 * @throws ValueError for what gives none, DTypeError for what is no tensor
 * @example tensorList('mine', 'params', new Set([tensor(1)])); // [ tensor(1) ]
 */
export function tensorList(caller: string, what: string, given: Tensor | Iterable<Tensor>): Tensor[] {
  if (Tensor.is(given)) return [given];
  if (typeof caller !== 'string' || typeof what !== 'string') tensorListTakes(arguments);
  refuseModels(caller, what, given);
  checkArguments(caller, { [what]: isOfClass(given) ? K.tensor : several }, [given]);
  const list: Tensor[] = [];
  for (const x of given) {
    // One at a time: what goes on for ever may be no tensors.
    if (!Tensor.is(x)) {
      const at = `${what}[${list.length}]`;
      refuseModels(caller, at, x);
      checkArguments(caller, { [at]: K.tensor }, [x]);
    }
    list.push(x);
  }
  return list;
}
