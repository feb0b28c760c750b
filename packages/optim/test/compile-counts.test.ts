/** A compiled step of parameters of which some have no gradient in some steps, so that they are counted apart. */
import { compile, Tensor, tensor } from '@kindling/core';
import { expect, test } from 'vitest';
import * as optim from '../src/index.ts';

const both = [true, true];
/** Which of two parameters have a gradient: the second is behind before anything is compiled, and catches up. */
const before = [both, [true, false]];
const given = [...before, both, both, both, [false, true], both, both, both];

const optimizers = { Adam: optim.Adam, Adagrad: optim.Adagrad, NAdam: optim.NAdam, ASGD: optim.ASGD };

test.each(Object.keys(optimizers) as (keyof typeof optimizers)[])(
  '%s goes on with the bits of eager once counts that were not the same are so again, also where the program is checked',
  (name) => {
    const course = (wrap: (step: () => void) => () => void): unknown[] => {
      const params = [tensor([1.5, -2], { requiresGrad: true }), tensor([0.5], { requiresGrad: true })];
      const optimizer = new optimizers[name](params, { lr: 0.1 });
      const plain = (): void => void optimizer.step();
      const compiled = wrap(plain);
      return given.map((has, i) => {
        for (const [k, p] of params.entries())
          p.grad =
            has[k] === true
              ? Tensor.scalar(Math.sin(i + k), 'float32')
                  .expand(p.shape)
                  .clone()
              : null;
        (i < before.length ? plain : compiled)();
        return [...params.map((p) => p.toArray()), ...[...optimizer.state.values()].map(({ step: n }) => n)];
      });
    };
    const eager = course((step) => step);
    for (const check of [undefined, true])
      expect(course((step) => compile(step, check === undefined ? {} : { check }))).toEqual(eager);
  },
);
