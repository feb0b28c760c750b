/** The operations of core's fixtures as models, each of some of its samples. */
import * as kindling from '@kindling/core';
import { type Tensor, Tensor as TensorClass } from '@kindling/core';
import * as nn from '@kindling/nn';
import { type Entry, readFixture, type Sample } from '../../../core/test/oracle/fixture.ts';
import { caller, formsOf, isOutside, kindlingName, lookUp } from '../../../core/test/oracle/operations.ts';
import { makeArguments } from '../../../core/test/oracle/run.ts';
import { operationOf } from '../../../core/test/oracle/table.ts';
import { families } from '../../../core/test/support/each-operation.ts';
import type { Case } from './run.ts';

/** A call of an operation as a model of the tensors among its arguments. */
class Operation extends nn.Module<Tensor[], unknown> {
  readonly #call: (...x: Tensor[]) => unknown;
  constructor(call: (...x: Tensor[]) => unknown) {
    super();
    this.#call = call;
  }

  override forward(...x: Tensor[]): unknown {
    return this.#call(...x);
  }
}

/** The same arguments with other tensors in the places of those. */
function replaced(x: unknown, by: ReadonlyMap<Tensor, Tensor>): unknown {
  if (x instanceof TensorClass) return by.get(x) ?? x;
  if (Array.isArray(x)) return x.map((item) => replaced(item, by));
  return x;
}

/** An operation with cases of some of its samples. */
export interface OperationCases {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** All operations of the fixtures in float32, or the first dtype that they have; of each the first samples of each kind. */
export function operations(samplesEach: number): OperationCases[] {
  return families.flatMap((family) => {
    const { entries } = readFixture<Entry>(
      new URL(`../../../core/test/fixtures/ops/${family}`, import.meta.url),
    );
    return entries.flatMap((entry) => {
      const first = entries.find(
        (e) => e.op === entry.op && e.variant === entry.variant && e.dtype === 'float32',
      );
      if (first !== undefined && first !== entry) return [];
      const operation = operationOf(entry.op, entry.variant);
      if (operation === undefined) return [];
      const name = kindlingName(entry, operation);
      if (operation.extra && typeof lookUp(kindling, name) !== 'function') return [];
      const samples = entry.samples.filter((s) => !isOutside(entry, operation, s));
      const cases = some(samples, samplesEach).map((sample): Case => {
        const [form = 'function'] = formsOf(entry, operation, sample);
        const call = caller(kindling, entry, operation, form);
        const { args, kwargs, tensors } = makeArguments(sample, 'contiguous');
        const model = new Operation((...given) => {
          const by = new Map(tensors.map((x, i) => [x, given[i] ?? x]));
          const named = Object.entries(kwargs).map(([key, x]) => [key, replaced(x, by)] as const);
          return call({
            args: args.map((x) => replaced(x, by)),
            kwargs: Object.fromEntries(named),
            tensors: given,
          });
        });
        return { model, inputs: () => tensors, options: { batch: false } };
      });
      return cases.length === 0 ? [] : [{ name, cases }];
    });
  });
}

/** Some samples from the first to the last. */
const some = (samples: readonly Sample[], count: number): Sample[] =>
  samples.filter(
    (_, i) => Math.floor((i * count) / samples.length) !== Math.floor(((i - 1) * count) / samples.length),
  );
