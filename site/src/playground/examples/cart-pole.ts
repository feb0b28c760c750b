import { manualSeed, noGrad, type Tensor, tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import * as optim from '@kindling/optim';
import { CartPole, show } from './page';

manualSeed(0);
const world = new CartPole();
const policy = new nn.Sequential(new nn.Linear(4, 32), new nn.Tanh(), new nn.Linear(32, 2));
const optimizer = new optim.Adam(policy.parameters(), { lr: 0.01 });
let score = 0;

/** One attempt: what was seen, what was done, and for how long it went on from there. */
async function attempt(): Promise<[states: Tensor, actions: Tensor, left: Tensor]> {
  const states: number[][] = [];
  const actions: number[] = [];
  world.reset();
  for (let standing = true; standing; ) {
    const likely = noGrad(() => policy(tensor([world.state], { dtype: 'float32' })).softmax(1));
    const action = likely.multinomial(1).item();
    states.push(world.state);
    actions.push(action);
    standing = world.push(action);
    await show({ score, cart: () => world.cart });
  }
  score = world.steps;
  const left = states.map((_, i) => (1 - 0.99 ** (states.length - i)) / 0.01);
  return [tensor(states, { dtype: 'float32' }), tensor(actions), tensor(left, { dtype: 'float32' })];
}

// REINFORCE: what was done before a long time upright becomes likelier.
while (true) {
  const [states, actions, left] = await attempt();
  const better = left.sub(left.mean()).div(left.std().add(1e-6));
  const loss = nn.F.crossEntropy(policy(states), actions, { reduction: 'none' }).mul(better).mean();
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}
