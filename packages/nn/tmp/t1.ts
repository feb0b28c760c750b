import { tensor, add, mul, Tensor, exp, tanh, mm, sum, backward, div, where } from '@kindling/core';
const a = tensor([[1.5, 2], [3, 4]], { requiresGrad: true });
const b = tensor([10.5, 20], { requiresGrad: true });
const y = sum(mul(tanh(div(a, b)), a));
console.log(y.data, y.gradFn?.name);
backward(y);
console.log(a.grad!.data, b.grad!.data);
console.log(mm(a, a).data);
