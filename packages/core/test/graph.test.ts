/** What toDot and toMermaid write of graphs and programs. */
import { compile, linalg, noGrad, ones, type Tensor, tensor, toDot, toMermaid } from '@kindling/core';
import { describe, expect, it } from 'vitest';

const leaf = (...data: number[]): Tensor => tensor(data, { dtype: 'float32', requiresGrad: true });

/** Labels by node, and arrows between labels, as the DOT says. */
function read(dot: string): { labels: string[]; arrows: string[] } {
  const labels = new Map<string, string>();
  for (const [, id = '', label = ''] of dot.matchAll(/^ {2}(n\d+) \[label="((?:[^"\\]|\\.)*)"/gm))
    labels.set(id, label);
  const arrows = [...dot.matchAll(/^ {2}(n\d+) -> (n\d+)(?: \[label="(.*)"\])?$/gm)].map(
    ([, from = '', to = '', label]) =>
      `${labels.get(from)} -> ${labels.get(to)}${label === undefined ? '' : ` (${label})`}`,
  );
  return { labels: [...labels.values()], arrows };
}

/** The program of a function, after the two calls that it takes. */
function programOf<A extends readonly Tensor[]>(fn: (...x: A) => unknown, ...args: A) {
  const compiled = compile(fn);
  for (let i = 0; i < 2; i++) compiled(...args);
  const [program] = compiled.programs;
  if (program === undefined) throw new Error('nothing was compiled');
  return program;
}

describe('a graph of autograd', () => {
  it('goes from named leaves to the result, with shapes', () => {
    const [w, b] = [leaf(1, 2), leaf(3)];
    expect(read(toDot(w.mul(2).add(b).sum(), { names: { w, b } })).arrows).toEqual([
      'SumBackward0\\n[] -> result\\nfloat32 []',
      'AddBackward0\\n[2] -> SumBackward0\\n[]',
      'MulBackward0\\n[2] -> AddBackward0\\n[2]',
      'b\\nfloat32 [1] -> AddBackward0\\n[2]',
      'w\\nfloat32 [2] -> MulBackward0\\n[2]',
    ]);
  });

  it('has what is used twice once, with two arrows', () => {
    const w = leaf(1, 2);
    const y = w.exp();
    const { labels, arrows } = read(toDot(y.mul(y)));
    expect(labels.filter((label) => label.startsWith('Exp'))).toHaveLength(1);
    expect(arrows.filter((arrow) => arrow.startsWith('Exp'))).toHaveLength(2);
  });

  it('says which of several results an arrow takes', () => {
    const { Q, R } = linalg.qr(leaf(1, 2, 3, 4).reshape(2, 2));
    const { arrows } = read(toDot(Q.matmul(R)));
    expect(arrows.filter((arrow) => arrow.includes('(output')).sort()).toEqual([
      'LinalgQrBackward0\\n[2, 2], [2, 2] -> MmBackward0\\n[2, 2] (output 0)',
      'LinalgQrBackward0\\n[2, 2], [2, 2] -> MmBackward0\\n[2, 2] (output 1)',
    ]);
  });

  it('takes several results, leaves, and what has no graph', () => {
    const w = leaf(1, 2);
    const { labels } = read(toDot([w.exp(), w, ones([3])], { names: [['w', w]] }));
    expect(labels.sort()).toEqual([
      'ExpBackward0\\n[2]',
      'result 0\\nfloat32 [2]',
      'result 2\\nfloat32 [3]',
      'w\\nfloat32 [2]',
      'w\\nfloat32 [2]',
    ]);
  });

  it('may be as deep as it likes, and stays to be walked backward', () => {
    const w = leaf(1);
    let y = w;
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    expect(read(toDot(y)).arrows).toHaveLength(20_001);
    y.sum().backward();
    expect(w.grad?.item()).toBe(1);
  });
});

describe('the graph of a program', () => {
  it('goes from arguments and state to results and gradients', () => {
    const w = leaf(1, 2);
    const program = programOf(
      (x: Tensor) => {
        w.grad = null;
        const loss = w.mul(x).sum();
        loss.backward();
        return loss;
      },
      ones([2]),
    );
    const { arrows } = read(toDot(program, { names: { w } }));
    expect(arrows).toContain('w\\nfloat32 [2] -> mul\\n[2]');
    expect(arrows).toContain('argument 0\\nfloat32 [2] -> mul\\n[2]');
    expect(arrows).toContain('sum\\n[] -> result\\nfloat32 []');
    expect(arrows.filter((arrow) => arrow.endsWith('-> gradient of w\\nfloat32 [2]'))).toHaveLength(1);
  });

  it('reads what was changed in place from the change, through views too', () => {
    const state = ones([2, 2]);
    const program = programOf(() => {
      const row = state.select(0, 0);
      noGrad(() => state.add_(1));
      return row.mul(2);
    });
    expect(read(toDot(program, { names: { state } })).arrows).toEqual([
      'state\\nfloat32 [2, 2] -> select\\n[2]',
      'state\\nfloat32 [2, 2] -> add_\\n[2, 2]',
      'add_\\n[2, 2] -> mul\\n[2]',
      'mul\\n[2] -> result\\nfloat32 [2]',
    ]);
  });
});

describe('names are escaped', () => {
  const odd = 'a "b" \\n & <c>\n#1; `d` |e| 1. f é';
  const w = leaf(1);

  it('in DOT', () => {
    expect(read(toDot(w.exp(), { names: { [odd]: w } })).labels).toContain(
      'a \\"b\\" \\\\n &amp; <c>\\n#1; `d` |e| 1. f é\\nfloat32 [1]',
    );
  });

  it('in Mermaid', () => {
    const text = toMermaid(w.exp(), { names: { [odd]: w } });
    expect(text).toContain(
      '"a #34;b#34; #92;n #38; #60;c#62; #35;1#59; #96;d#96; #124;e#124; 1#46; f é<br/>float32 [1]"]:::leaf',
    );
  });
});

describe('toDot and toMermaid', () => {
  it('draw the way they are told', () => {
    expect(toDot(leaf(1).exp(), { direction: 'LR' })).toContain('rankdir=LR');
    expect(toMermaid(leaf(1).exp(), { direction: 'BT' })).toContain('flowchart BT');
  });

  it('refuse what has no graph to draw', () => {
    const nothing = compile(() => ones([1])).programs[0];
    expect(() => toDot(nothing as never)).toThrow('toDot');
    expect(() => toMermaid(ones([1]), { names: { w: 1 as never } })).toThrow('tensors by name');
  });
});
