/** Programs of every operation of the fixtures, forward and backward, written as JSON and read: the bits of those that were written. */
import * as kindling from '@kindling/core';
import { autograd, compile, type Program, readProgram, type StateMemory, type Tensor } from '@kindling/core';
import { expect } from 'vitest';
import { Interpreter } from '../../src/compile/interpreter.ts';
import { Tensor as TensorClass } from '../../src/tensor.ts';
import { ofEachForm } from '../oracle/fixture.ts';
import { caller, formsOf } from '../oracle/operations.ts';
import { makeArguments } from '../oracle/run.ts';
import { cotangent, resultLeaves } from '../oracle/tensors.ts';
import { bitsOf } from '../support/compiled.ts';
import { eachOperation } from '../support/each-operation.ts';

/** How many forms of an operation's arguments are tried. */
const forms = Number(process.env.KINDLING_FORMS ?? 1);

/** The tensors that a program was recorded with, for one that is read. */
const stateOf =
  ({ memories }: Program) =>
  ({ id, dtype, length }: StateMemory): Tensor => {
    const origin = memories[id]?.origin;
    if (origin?.kind !== 'state') throw new Error(`memory ${id} is no state`);
    return new TensorClass(origin.storage, [length], dtype);
  };

eachOperation(
  'a program that is read gives the bits of the one that was written',
  ({ entry, operation, samples }) => {
    for (const sample of ofEachForm(samples).slice(0, forms)) {
      const [form] = formsOf(entry, operation, sample);
      if (form === undefined) continue;
      const call = caller(kindling, entry, operation, form);
      const given = makeArguments(sample, 'contiguous');
      const leaves = given.tensors.filter((x) => x.requiresGrad);
      const fn = compile(
        () => {
          const result = resultLeaves(call(given)).filter((y): y is Tensor => typeof y === 'object');
          const roots = result.filter((y) => y.requiresGrad);
          const gradients =
            roots.length === 0 || leaves.length === 0
              ? []
              : autograd.grad(roots, leaves, { gradOutputs: roots.map(cotangent), allowUnused: true });
          return [result.map((y) => y.detach()), gradients.filter((g) => g !== null)];
        },
        { check: false, fallback: 'eager' },
      );
      for (let i = 0; i < 2; i++) fn();
      const [program] = fn.programs;
      if (program === undefined) continue;
      const json = JSON.stringify(program);
      const read = readProgram(json, { state: stateOf(program) });
      const expected = new Interpreter(program).run([]).map(bitsOf);
      expect(read.run().map(bitsOf)).toEqual(expected);
      expect(JSON.parse(JSON.stringify(read.program))).toEqual(JSON.parse(json));
    }
  },
);
