import { tensor, add, mul, mm, relu, exp, Tensor } from '@kindling/core';
import { linear } from '../../core/src/ops/matmul.ts';
function time(name: string, f: () => void) { for (let i=0;i<20000;i++) f(); const n=200000; const t=performance.now(); for (let i=0;i<n;i++) f(); console.log(name, ((performance.now()-t)/n*1e3).toFixed(3),'us'); }
const f32 = { dtype: 'float32' } as const;
const a = tensor(Array.from({length:4},(_,i)=>[i+.5,i*2]), f32), b = tensor(Array.from({length:4},(_,i)=>[i+.5,i*2]), f32);
const w = tensor(Array.from({length:8},(_,i)=>[i+.5,i*2]), f32), bias = tensor(Array.from({length:8},(_,i)=>i+.5), f32);
const wr = tensor(Array.from({length:8},(_,i)=>[i+.5,i*2]), {...f32, requiresGrad: true});
const w2 = tensor([[1.5,2],[3,4]], f32);
time('add 4x2', () => add(a,b));
time('relu 4x2', () => relu(a));
time('exp 4x2', () => exp(a));
time('mul number 4x2', () => mul(a, 2.5));
const h = linear(a,w,bias);
time('add 4x8', () => add(h,h));
time('add 4x8 + 8', () => add(h,bias));
time('linear 4x2 -> 8', () => linear(a,w,bias));
time('linear 4x2 -> 8 grad', () => linear(a,wr,bias));
time('mm 4x2 2x2', () => mm(a,w2));
