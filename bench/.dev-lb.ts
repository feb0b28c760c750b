import { compile, manualSeed, noGrad, rand, randn } from '@kindling/core';
import * as optimizers from '@kindling/optim';
manualSeed(0);
const params = Array.from({ length: 20 }, () => randn([500], { requiresGrad: true }));
  const start = params.map((p) => p.detach().clone());
  const [bends, targets] = [params.map((p) => rand([...p.shape])), params.map((p) => randn([...p.shape]))];
  const optimizer = new optimizers.LBFGS(params, { toleranceGrad: 0, toleranceChange: 0, maxIter: 10, historySize: 10 });
  const eager = () => {
    optimizer.zeroGrad();
    const losses = params.map((p, i) => p.sub(targets[i]!).square().mul(bends[i]!).sum());
    const loss = losses.reduce((sum, x) => sum.add(x));
    loss.backward();
    return loss;
  };
const closure = compile(eager);
const step = () => {
    noGrad(() => { for (const [i, p] of params.entries()) p.copy_(start[i]!); });
    optimizer.state.clear();
    optimizer.step(closure);
  };
for (let i = 0; i < 200; i++) step();
let best = Infinity;
for (let r = 0; r < 20; r++) { const t = performance.now(); for (let i = 0; i < 20; i++) step(); best = Math.min(best, (performance.now() - t) / 20); }
let bc = Infinity;
for (let r = 0; r < 20; r++) { const t = performance.now(); for (let i = 0; i < 200; i++) closure(); bc = Math.min(bc, (performance.now() - t) / 200); }
console.log('step us', best * 1000, 'closure us', bc * 1000);
