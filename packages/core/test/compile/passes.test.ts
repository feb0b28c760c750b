/** What each pass makes of a machine's steps: the steps of small programs before and after. */
import {
  addcmul,
  autograd,
  type Compiled,
  compile,
  lstmSequence,
  noGrad,
  ones,
  type Program,
  randn,
  type Tensor,
  tensor,
} from '@kindling/core';
import { describe, expect, it } from 'vitest';
import { layOut } from '../../src/compile/machine/layout.ts';
import { lowerProgram, type Step } from '../../src/compile/machine/lower.ts';
import { checksFirst } from '../../src/compile/machine/passes/checks-first.ts';
import { withoutRepetitions } from '../../src/compile/machine/passes/common-subexpressions.ts';
import { withoutDeadCode } from '../../src/compile/machine/passes/dead-code.ts';
import { fuse } from '../../src/compile/machine/passes/fuse.ts';
import { keepInputs } from '../../src/compile/machine/passes/keep-inputs.ts';
import { areaNames, printStep } from '../../src/compile/machine/print.ts';

/** The program of a function, after the two calls that it takes. */
function programOf<A extends readonly Tensor[]>(fn: (...x: A) => unknown, ...args: A): Program {
  const compiled: Compiled<A, unknown> = compile(fn);
  for (let i = 0; i < 2; i++) compiled(...args);
  return compiled.programs[0]!;
}

const printed = (steps: readonly Step[], program: Program): string[] => {
  const nameOf = areaNames(steps);
  return steps.map((step) => printStep(step, program.equations, nameOf));
};

describe('fusion', () => {
  it('makes one kernel of elementwise kernels over the same elements', () => {
    const program = programOf((x: Tensor) => x.mul(2).exp().add(x), randn([4, 5]));
    const steps = lowerProgram(program);
    expect(printed(steps, program)).toEqual([
      'm1 = mul(m0): elementwise 20',
      'm2 = exp(m1): elementwise 20',
      'm3 = add(m2, m0): elementwise 20',
    ]);
    expect(printed(withoutDeadCode(fuse(steps), program), program)).toEqual([
      'm3 = mul + exp + add(m0): elementwise 20',
    ]);
  });

  it('takes rows, columns and single elements along', () => {
    const [row, column] = [randn([5]), randn([4, 1])];
    const program = programOf((x: Tensor) => x.add(row).relu().mul(row), randn([4, 5]));
    expect(fuse(lowerProgram(program))).toHaveLength(1);
    // Of rows and columns of other lengths it makes two.
    const other = programOf(
      (x: Tensor) => x.reshape(4, 5).add(column).reshape(2, 10).mul(randn10),
      randn([4, 5]),
    );
    expect(fuse(lowerProgram(other))).toHaveLength(2);
  });

  it('leaves apart what a product or a changed operand lies between', () => {
    const between = programOf((x: Tensor) => x.exp().matmul(x).exp(), randn([3, 3]));
    expect(fuse(lowerProgram(between)).map((step) => step.kind === 'kernel' && step.kernel.kind)).toEqual([
      'elementwise',
      'product',
      'elementwise',
    ]);
    const w = ones([8]);
    const shifted = programOf(
      (x: Tensor) => {
        const y = w.narrow(0, 0, 4).mul(x);
        noGrad(() => w.narrow(0, 1, 4).add_(x));
        return y;
      },
      randn([4]),
    );
    // The second would change what the first has not read yet.
    expect(fuse(lowerProgram(shifted)).length).toBeGreaterThan(1);
  });

  it('takes comparisons along, whose results are numbers to the next', () => {
    const program = programOf((x: Tensor) => x.gt(0.5).mul(x).add(x.ne(x)), randn([100]));
    expect(printed(withoutDeadCode(fuse(lowerProgram(program)), program), program)).toEqual([
      'm4 = gt + mul + ne + add(m0): elementwise 100',
    ]);
  });

  it('rounds where a value would have been stored in fewer bits', () => {
    const program = programOf(
      (x: Tensor) =>
        x
          .to('float64')
          .mul(1 / 3)
          .to('float32')
          .to('float64')
          .mul(3),
      randn([16]),
    );
    const kernels = fuse(lowerProgram(program));
    expect(kernels.length).toBeGreaterThan(1);
  });
});

const randn10 = randn([10]);

describe('operands', () => {
  it('that are rows and columns of equal length are read where they are, of others one is copied', () => {
    const stepsOf = (...shapes: number[][]): string[] => {
      const operands = shapes.map((shape) => randn(shape));
      const program = programOf((x: Tensor) => addcmul(x, operands[0]!, operands[1]!), randn([2, 4, 5]));
      return lowerProgram(program).map((step) => (step.kind === 'kernel' ? step.kernel.kind : step.reason));
    };
    expect(stepsOf([5], [1, 1, 5])).toEqual(['elementwise']);
    expect(stepsOf([4, 5], [2, 1, 1])).toEqual(['elementwise']);
    expect(stepsOf([5], [2, 4, 1])).toEqual(['elementwise']);
    expect(stepsOf([5], [4, 5])).toEqual(['copy', 'elementwise']);
  });
});

describe('common subexpressions', () => {
  it('are computed once: kernels, reductions and what is made of them', () => {
    const program = programOf(
      (x: Tensor) => x.sub(x.mean()).matmul(x).add(x.sub(x.mean()).matmul(x).exp()),
      randn([3, 3]),
    );
    const steps = lowerProgram(program);
    const left = withoutRepetitions(steps, program);
    expect(printed(left, program)).toEqual([
      't0 = sum(m0): call',
      'm1 = quotient(t0): elementwise 1',
      'm2 = sub(m0, m1): elementwise 9',
      'm3 = mm(m2, m0): product 3x3x3',
      'm7 = exp(m3): elementwise 9',
      'm8 = add(m3, m7): elementwise 9',
    ]);
    expect(steps).toHaveLength(10);
  });

  it('are not what was computed before an operand changed, or what changes itself later', () => {
    const changed = programOf(
      (x: Tensor) => {
        const y = x.exp();
        x.add_(1);
        return y.mul(x.exp());
      },
      randn([4]),
    );
    expect(withoutRepetitions(lowerProgram(changed), changed)).toHaveLength(4);
    const changing = programOf(
      (x: Tensor) => {
        const [y, z] = [x.exp(), x.exp()];
        y.add_(1);
        return y.mul(z);
      },
      randn([4]),
    );
    expect(withoutRepetitions(lowerProgram(changing), changing)).toHaveLength(4);
  });

  it('are both there where both are results', () => {
    const program = programOf((x: Tensor) => [x.exp(), x.exp()], randn([4]));
    expect(withoutRepetitions(lowerProgram(program), program)).toHaveLength(2);
  });
});

describe('dead code', () => {
  it('goes, with the kernels that it alone needs', () => {
    const program = programOf(
      (x: Tensor) => {
        x.exp().matmul(x);
        return x.add(1);
      },
      randn([3, 3]),
    );
    const steps = lowerProgram(program);
    expect(printed(steps, program)).toHaveLength(3);
    expect(printed(withoutDeadCode(steps, program), program)).toEqual(['m3 = add(m0): elementwise 9']);
  });

  it('is not what changes state or an argument', () => {
    const w = ones([2]);
    const program = programOf(
      (x: Tensor) => {
        w.add_(x);
        x.mul_(2);
      },
      randn([2]),
    );
    expect(withoutDeadCode(lowerProgram(program), program)).toHaveLength(2);
  });
});

describe('checks', () => {
  it('of what is given come before anything is changed', () => {
    const w = ones([3]);
    const program = programOf(
      (x: Tensor, index: Tensor) => {
        w.add_(x);
        return w.gather(0, index);
      },
      randn([3]),
      tensor([0, 2], { dtype: 'int32' }),
    );
    const names = (steps: readonly Step[]): boolean[] =>
      steps.map((step) => step.kind === 'kernel' && step.kernel.kind === 'call' && step.kernel.checks);
    const steps = lowerProgram(program);
    expect(names(steps).indexOf(true)).toBeGreaterThan(0);
    expect(names(checksFirst(steps))[0]).toBe(true);
  });

  it('come with the kernels that they need, in order, unless those are many or read what has changed by then', () => {
    const orderOf = (fn: (w: Tensor, index: Tensor) => unknown): string[] => {
      const w = ones([3]);
      const program = programOf((index: Tensor) => fn(w, index), tensor([0, 2], { dtype: 'int32' }));
      const steps = lowerProgram(program);
      return checksFirst(steps).map((step) => (step.kind === 'kernel' ? step.kernel.name : step.reason));
    };
    const needs = (w: Tensor, index: Tensor): Tensor => {
      w.add_(1);
      const other = w.sin();
      return w.gather(0, index.eq(0).eq(true).to('int32')).add(other.narrow(0, 0, 2));
    };
    expect(orderOf(needs)).toEqual(['eq', 'eq', 'convert', 'indices', 'add', 'sin', 'read_along', 'add']);
    const needsMany = (w: Tensor, index: Tensor): void => {
      w.add_(1);
      w.gather(0, index.eq(0).eq(true).eq(true).to('int32'));
    };
    expect(orderOf(needsMany)[0]).toBe('add');
    const changed = (w: Tensor, index: Tensor): void => {
      index.zero_();
      w.gather(0, index);
    };
    expect(orderOf(changed)[0]).not.toBe('indices');
  });
});

describe('inputs of checks', () => {
  it('that were computed stay until then, where an eager kernel has to say why they are refused', () => {
    const program = programOf(
      (x: Tensor, index: Tensor) => {
        x.exp().gather(0, index);
        return x.add(1);
      },
      randn([3]),
      tensor([0, 2], { dtype: 'int32' }),
    );
    const steps = lowerProgram(program);
    const before = [
      'm2 = exp(m0): elementwise 3',
      ' = indices(m1): call',
      'm3 = read_along(m1, m2): call',
      'm4 = add(m0): elementwise 3',
    ];
    expect(printed(steps, program)).toEqual(before);
    const kept = keepInputs(steps, program);
    // Of what is given nothing is needed: it is there.
    expect(printed(kept, program)).toEqual(before.with(1, ' = indices(m1, m2): call'));
    const needed = (steps: readonly Step[]): string[] => printed(withoutDeadCode(steps, program), program);
    expect(needed(steps)).not.toContain(before[0]);
    expect(needed(kept)).toContain(before[0]);
  });
});

describe('memory', () => {
  it('serves several values one after the other, none that are in use at a time', () => {
    const w = randn([16, 16]);
    const program = programOf(
      (x: Tensor) => {
        let y = x;
        for (let i = 0; i < 8; i++) y = y.matmul(w);
        return y;
      },
      randn([16, 16]),
    );
    const { plan } = layOut(program, lowerProgram(program));
    // What a product reads, and what it gives.
    expect(plan).toMatchObject({ bytes: 2 * 1024, sum: 8 * 1024 });
  });

  it('lays a result over an operand that nobody needs any more, where the kernel says that it may', () => {
    const [weight, h, c] = [randn([8, 2], { requiresGrad: true }), randn([3, 2]), randn([3, 2])];
    /** The gradient by the weights, and the gates, which the caller may want. */
    const gradient = (x: Tensor): [Tensor, Tensor] => {
      const gates = x.mul(2);
      const [states] = lstmSequence(gates, weight, h, c);
      return [autograd.grad(states.square().sum(), [weight])[0] ?? states, gates];
    };
    const x = randn([15, 8]);
    const fewer = (x: Tensor): Tensor => gradient(x)[0];
    for (const [fn, laid] of [
      [fewer, [true, true]],
      [gradient, [false, true]],
    ] as const) {
      const program = programOf(fn as (x: Tensor) => unknown, x);
      const steps = lowerProgram(program);
      const { places } = layOut(program, steps).plan;
      const isLaid = steps.flatMap((step) =>
        step.kind === 'kernel' && step.kernel.kind === 'call'
          ? step.kernel.over.map(([result, operand]) => places.get(result) === places.get(operand))
          : [],
      );
      expect(isLaid).toEqual(laid);
    }
    const compiled = compile(gradient);
    for (let call = 0; call < 4; call++) {
      const found = compiled(x);
      for (const [i, expected] of gradient(x).entries()) expect(found[i]?.equal(expected)).toBe(true);
    }
    const two = (x: Tensor): Tensor => {
      const gates = x.mul(2);
      return lstmSequence(gates, weight, h, c)[0]
        .add(lstmSequence(gates, weight.neg(), h, c)[0])
        .detach();
    };
    const both = compile(two);
    for (let call = 0; call < 4; call++) expect(both(x).equal(two(x))).toBe(true);
  });
});
