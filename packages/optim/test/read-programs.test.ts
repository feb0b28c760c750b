/** Training steps that are written as JSON, and read. */
import {
  compile,
  manualSeed,
  type Program,
  randint,
  randn,
  readProgram,
  type StateMemory,
  type Tensor,
} from '@kindling/core';
import * as nn from '@kindling/nn';
import { describe, expect, it } from 'vitest';
import { bitsOf } from '../../core/test/support/compiled.ts';
import * as optim from '../src/index.ts';

type Loss = (y: Tensor, target: Tensor) => Tensor;
/** Some that are one operation with their gradients, and the rest. */
const losses: Readonly<Record<string, Loss>> = {
  crossEntropy: (y, target) => nn.F.crossEntropy(y, target, { labelSmoothing: 0.1 }),
  nllLoss: (y, target) => nn.F.nllLoss(y.logSoftmax(1), target),
  multiMarginLoss: (y, target) => nn.F.multiMarginLoss(y, target),
  mseLoss: (y) => nn.F.mseLoss(y, y.detach().mul(0.5)),
  smoothL1Loss: (y) => nn.F.smoothL1Loss(y, y.detach().neg()),
  binaryCrossEntropyWithLogits: (y) => nn.F.binaryCrossEntropyWithLogits(y, y.detach().sigmoid()),
};
const optimizers = {
  SGD: optim.SGD,
  Adam: optim.Adam,
  AdamW: optim.AdamW,
  RMSprop: optim.RMSprop,
  Adafactor: optim.Adafactor,
};
const cases = Object.keys(losses).map((loss, i): [string, keyof typeof optimizers] => [
  loss,
  (Object.keys(optimizers) as (keyof typeof optimizers)[])[i % 5]!,
]);

/** A net that has been trained for three steps, the program of which it is, and that knows its tensors by their memory. */
function world(loss: Loss, Optimizer: (typeof optimizers)[keyof typeof optimizers]) {
  manualSeed(1);
  const net = new nn.Sequential(
    new nn.Linear(3, 8),
    new nn.BatchNorm1d(8),
    new nn.GELU(),
    new nn.Dropout({ p: 0.2 }),
    new nn.Linear(8, 4),
  );
  const optimizer = new Optimizer(net.parameters() as never, { lr: 0.1 } as never);
  const step = compile(
    (x: Tensor, target: Tensor) => {
      optimizer.zeroGrad();
      const value = loss(net(x), target);
      value.backward();
      nn.utils.clipGradNorm_(net.parameters(), 1);
      optimizer.step();
      return value;
    },
    { check: false },
  );
  for (let i = 0; i < 3; i++) step(randn([200, 3]), randint(0, 4, [200]));
  const program = step.programs[0] as Program;
  const states = [...optimizer.state.values()].flatMap((values) => Object.values(values));
  const tensors = [...net.parameters(), ...net.buffers(), ...states].filter(
    (x): x is Tensor => typeof x === 'object',
  );
  const state = ({ id, name }: StateMemory): Tensor => {
    const origin = program.memories[id]?.origin;
    const found = tensors.find(({ storage }) => origin?.kind === 'state' && origin.storage === storage);
    if (found === undefined) throw new Error(`state ${id}, ${name}`);
    return found;
  };
  const left = () => [
    ...net.parameters().flatMap((p) => [bitsOf(p), bitsOf(p.grad)]),
    ...net.buffers().map(bitsOf),
  ];
  return { step, program, state, left };
}

describe('a training step that was read', () => {
  it.each(cases)('has the bits of the compiled one: %s by %s', (name, optimizer) => {
    const [own, written] = [0, 1].map(() => world(losses[name]!, optimizers[optimizer]));
    const read = readProgram(JSON.stringify(written!.program), {
      state: written!.state,
      host: (part) => written!.program.hostParts[part]!.run(),
    });
    for (let i = 0; i < 4; i++) {
      const given: [Tensor, Tensor] = [randn([200, 3]), randint(0, 4, [200])];
      manualSeed(i);
      const expected = own!.step(...given);
      manualSeed(i);
      expect(read.run(...given).map(bitsOf)).toEqual([bitsOf(expected)]);
      expect(written!.left()).toEqual(own!.left());
    }
  });
});
