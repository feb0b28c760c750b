import { ones } from '@kindling/core';
import * as nn from '@kindling/nn';
const tries: [string, () => unknown][] = [
 ['print', () => String(new nn.Sequential(new nn.ReLU(), null as never))],
 ['call', () => String(new nn.Sequential(new nn.ReLU(), null as never)(ones([2])))],
 ['undef', () => String(new nn.Sequential(new nn.ReLU(), undefined as never)(ones([2])))],
 ['obj', () => String(new nn.Sequential({ a: new nn.ReLU(), b: null as never })(ones([2])))],
 ['ml', () => String(new nn.ModuleList([new nn.ReLU(), null as never]))],
 ['ml len', () => (new nn.ModuleList([new nn.ReLU(), null as never])).length],
 ['ml list', () => [...new nn.ModuleList([new nn.ReLU(), null as never])].length],
 ['set null', () => { const s = new nn.Sequential(new nn.ReLU(), new nn.ReLU()); (s as any)[1] = null; return String(s) + s(ones([2])); }],
 ['set 3', () => { const s = new nn.Sequential(new nn.ReLU(), new nn.ReLU()); (s as any)[1] = 3; return String(s) + s(ones([2])); }],
 ['append null', () => { const s = new nn.Sequential(new nn.ReLU()); s.append(null as never); return String(s) + s(ones([2])); }],
 ['md', () => String(new nn.ModuleDict({ a: null as never }))],
];
for (const [n, f] of tries) { try { console.log(n, '→', f()); } catch (e) { console.log(n, 'threw', (e as Error).constructor.name, (e as Error).message); } }
