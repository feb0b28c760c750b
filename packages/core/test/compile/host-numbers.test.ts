/** Numbers that the host gives anew in each call, as one or several of those that an operation takes: the bits of eager. */
import {
  applyUnary,
  CompileError,
  compile,
  E,
  ElementwiseOp,
  onHost,
  randn,
  type Tensor,
} from '@kindling/core';
import { expect, it } from 'vitest';
import { Interpreter } from '../../src/compile/interpreter.ts';
import { layOut } from '../../src/compile/machine/layout.ts';
import { lowerProgram } from '../../src/compile/machine/lower.ts';
import { fuse } from '../../src/compile/machine/passes/fuse.ts';
import type { Program } from '../../src/compile/program.ts';
import { bitsOf, expectSameBits } from '../support/compiled.ts';

const operation = (name: string, expression: (...x: E.Expr[]) => E.Expr) =>
  new ElementwiseOp({ name, arity: 1, expression });
const operations = [
  operation('shifted', (x, a) => E.add(x, a as E.Expr)),
  operation('line', (x, a, b) => E.add(E.mul(x, a as E.Expr), b as E.Expr)),
  operation('parabola', (x, a, b, c) =>
    E.add(E.mul(E.add(E.mul(x, a as E.Expr), b as E.Expr), x), c as E.Expr),
  ),
];

/** Numbers of calls, none of which is the same twice. */
function counter(): (count: number) => number[] {
  let n = 0;
  return (count) => Array.from({ length: count }, () => ++n / 8);
}

it.each([1, 2, 3])('%i for one operation', (count) => {
  const op = operations[count - 1] as ElementwiseOp;
  const compiled = expectSameBits(() => {
    const next = counter();
    return {
      call: (x: Tensor) =>
        applyUnary(
          op,
          x,
          onHost(() => next(count)),
        ),
      argumentsOf: () => [randn([7])],
    };
  }, 6);
  // By kernels, whose numbers are those of the host.
  expect(compiled.explain()).toContain('0 by eager kernels');
});

it('for several operations, by one part of the host and by others, beside numbers that stay', () => {
  const [shifted, line, parabola] = operations as [ElementwiseOp, ElementwiseOp, ElementwiseOp];
  expectSameBits(() => {
    const next = counter();
    return {
      call: (x: Tensor) => {
        const [one = [], two = []] = onHost(() => [next(1), next(2)]);
        const y = applyUnary(shifted, applyUnary(line, x.mul(3), two), one);
        const z = applyUnary(
          parabola,
          y.matmul(y).add(0.5),
          onHost(() => next(3)),
        );
        onHost(() => next(1));
        return z.mul(applyUnary(shifted, y, one));
      },
      argumentsOf: () => [randn([3, 3])],
    };
  }, 6);
});

it('by the interpreter too', () => {
  const next = counter();
  const call = (x: Tensor) =>
    applyUnary(
      operations[1] as ElementwiseOp,
      x,
      onHost(() => next(2)),
    );
  const compiled = compile(call, { check: false });
  const x = randn([5]);
  for (let i = 0; i < 2; i++) compiled(x);
  const interpreter = new Interpreter(compiled.programs[0] as (typeof compiled.programs)[0]);
  for (let k = 2; k < 5; k++)
    expect(interpreter.run([x]).map(bitsOf)).toEqual([bitsOf(x.mul((2 * k + 1) / 8).add((2 * k + 2) / 8))]);
});

it('but computes with no tensors there', () => {
  const compiled = compile((x: Tensor) => {
    onHost(() => void x.mul(2));
    return x.add(1);
  });
  compiled(randn([2]));
  expect(() => compiled(randn([2]))).toThrow(CompileError);
});

it('for several operations the same: each kernel finds them in one place', () => {
  const [, line] = operations as [ElementwiseOp, ElementwiseOp, ElementwiseOp];
  const compiled = expectSameBits(() => {
    const next = counter();
    return {
      call: (x: Tensor, y: Tensor) => {
        const numbers = onHost(() => next(2));
        const z = applyUnary(line, x, numbers);
        return [z, applyUnary(line, y, numbers), applyUnary(line, z, numbers)];
      },
      argumentsOf: () => [randn([7]), randn([90])],
    };
  }, 6);
  const [program] = compiled.programs;
  const steps = fuse(lowerProgram(program as Program));
  const { params, paramCount } = layOut(program as Program, steps);
  expect({ kernels: params.size, places: new Set(params.values()).size, paramCount }).toEqual({
    kernels: 2,
    places: 1,
    paramCount: 2,
  });
});
