/** What equations do, found again by how it is written. */
import { describe } from '../arguments/explain.ts';
import { KindlingError, ValueError } from '../errors.ts';
import { ElementwiseKernel, type Expr, elementsOf, expressionsOf } from '../kernels/index.ts';
import { inspectionIn, specIn } from '../ops/elementwise/code.ts';
import { FusedNorms, FusedUpdate, SummedUpdate } from '../ops/elementwise/fused/index.ts';
import { ElementwiseOp } from '../ops/elementwise/operation.ts';
import { addUp } from '../ops/elementwise/reduced.ts';
import { rerunMultiOf, rerunOf } from '../record/apply.ts';
import { type Code, coded, operationNamed, writeNamed } from '../record/code.ts';
import { rerunInPlaceOf } from '../record/in-place.ts';
import type { MultiPrimitive, Primitive } from '../record/index.ts';
import type { Rerun } from '../record/observe.ts';

type One = Primitive<unknown, never>;

/** Operations of one result, which may also be written over their first input. */
const primitives: Readonly<Record<string, (code: Code) => One>> = {
  elementwise: (code) => new ElementwiseOp(specIn(code)).primitive(Number(code.scalars)) as unknown as One,
  name({ name, results }) {
    const found = results === 'one' ? operationNamed('one', String(name)) : undefined;
    if (found === undefined) throw unknown(name);
    return found as unknown as One;
  },
};

/** How each kind of code is read. */
const readers: Readonly<Record<string, (code: Code) => Rerun>> = {
  elementwise: (code) => rerunOf(primitiveOf(code)),
  'in place': ({ operation }) => rerunInPlaceOf(primitiveOf(operation)),
  name(code) {
    const { name, results } = code;
    if (results !== 'several') return rerunOf(primitiveOf(code));
    const found = operationNamed('several', String(name));
    if (found === undefined) throw unknown(name);
    return rerunMultiOf(found as unknown as MultiPrimitive<unknown, never, never>);
  },
  flag: ({ value }) => decidedBy(value),
  'sum of values'(code) {
    const { operation, arity, expressions } = code;
    const values = expressionsOf(expressions);
    const inspect = inspectionIn(code);
    const kernel = new ElementwiseKernel(String(operation), Number(arity), () => values);
    return (inputs, attrs, [total, ...units]) => {
      if (total === undefined) return;
      const given = inputs as Parameters<typeof addUp>[1];
      inspect?.(given, total.dtype, false);
      addUp(kernel, given, attrs as Parameters<typeof addUp>[2], total, units);
    };
  },
  update: (code) => new FusedUpdate(...partsOf(code)).rerun(),
  'summed update': (code) => new SummedUpdate(...partsOf(code)).rerun(),
  norms(code) {
    const [name, results, others, build] = partsOf(code);
    return new FusedNorms(name, results + others, results, build).rerun();
  },
  write({ name }) {
    const write = writeNamed(String(name));
    if (write === undefined) throw unknown(name);
    return write as Rerun;
  },
};

/** Sees to it that what decides which operations run is what it was. */
const decidedBy =
  (value: unknown): Rerun =>
  ([flag]) => {
    if (flag !== undefined && elementsOf(flag)[0] !== value)
      throw new ValueError(
        'the program serves other arguments: what these hold decides that something else is done',
      );
  };

function primitiveOf(code: unknown): One {
  const { by } = (code ?? {}) as Partial<Code>;
  const read = primitives[String(by)];
  if (read === undefined) throw unknown(by);
  return read(code as Code);
}

/** What a kernel of several expressions is made of: its name, how many tensors it changes, how many others it reads. */
function partsOf(code: Code): [string, number, number, () => Expr[]] {
  const { operation, tensors, results, expressions } = code;
  const values = expressionsOf(expressions);
  if (!Number.isInteger(tensors) || !Number.isInteger(results))
    throw new KindlingError('an update that does not say how many tensors it takes');
  return [String(operation), Number(results), Number(tensors) - Number(results), () => values];
}

const unknown = (name: unknown): KindlingError =>
  new KindlingError(
    `there is no operation ${describe(name)} here; one of your own has to be defined before a program is read that has it`,
  );

/**
 * What an equation does.
 * @throws KindlingError for what is not known here
 */
export function rerunOfCode(code: unknown): Rerun {
  const { by } = (code ?? {}) as Partial<Code>;
  const read = typeof by === 'string' && Object.hasOwn(readers, by) ? readers[by] : undefined;
  if (read === undefined) throw unknown(by);
  const rerun = read(code as Code);
  // So that what was read can be written again.
  return rerun.code === undefined ? coded(rerun, () => code as Code) : rerun;
}
