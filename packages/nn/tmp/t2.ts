import * as k from '@kindling/core';
const x = k.tensor([[1.5,2],[3,4]], {requiresGrad:true});
const y = x.tanh().mul(x).sum();
y.backward();
console.log(x, y, x.grad, String(x.T));
k.manualSeed(0); console.log(k.randn([3,4]), k.rand(3));
for (const r of x) console.log(r);
