/** The kernels that other packages call: what they make of the least that fits, and that they take nothing that does not. */
import { describe, expect, it } from 'vitest';
import {
  addTableRows,
  alignmentLosses,
  alignmentsFit,
  copyElements,
  type DType,
  greatestTableRows,
  holdsOutside,
  maskClasses,
  multilabelMargins,
  numberBags,
  ones,
  readTableRows,
  type Shape,
  sumTaps,
  type Tensor,
  tensor,
  weighClasses,
  worksInJavaScript,
  zeros,
} from '../../src/index.ts';

const int = (...shape: number[]): Tensor => zeros(shape, { dtype: 'int32' });
const table = tensor([
  [1.5, 2],
  [3, 4],
  [5, 6],
]);

/** A call that fits, what its result holds then, and for each way not to fit one such call. */
interface Case {
  readonly name: string;
  readonly works: () => unknown;
  readonly gives: unknown;
  readonly refused: Readonly<Record<string, () => unknown>>;
}

/** What a kernel writes into a result of this shape. */
const into = (shape: Shape, run: (out: Tensor) => unknown, dtype: DType = 'float32'): unknown[] => {
  const out = zeros(shape, { dtype });
  const returned = run(out);
  return returned === undefined ? [out.tolist()] : [returned, out.tolist()];
};

const plain = { skipped: -1, byFrequency: false };
const turned = (x: Tensor): Tensor => zeros([...x.shape].reverse(), { dtype: x.dtype }).t();
const logs = ones([2, 1, 3]).div(3).log();
const aligned = (
  x: Tensor,
  targets: Tensor = tensor([[1]]),
  inputs: Tensor = tensor([2]),
  labels: Tensor = tensor([1]),
): [Tensor, Tensor, Tensor, Tensor] => [x, targets, inputs, labels];
const rules = { blank: 0, zeroInfinity: false };
const taps = {
  x: tensor([[[1.5, 2, 4]]]),
  index: tensor([
    [
      [0, 2],
      [1, 9],
    ],
  ]),
  weights: ones([1, 2, 2]),
  y: zeros([1, 1, 2]),
};
const summed = (change: Partial<Record<keyof typeof taps, Tensor>>) => (): void => {
  const { x, index, weights, y } = { ...taps, ...change };
  sumTaps('y', x, index, weights, y);
};

const cases: readonly Case[] = [
  {
    name: 'copyElements',
    works: () =>
      into([3, 2], (out) =>
        copyElements(
          tensor([
            [1, 2, 3],
            [4, 5, 6],
          ]).t(),
          out,
        ),
      ),
    gives: [
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    refused: {
      'fewer elements': () => copyElements(table, zeros([5])),
      'more elements': () => copyElements(table, zeros([7])),
      'gaps in the result': () => copyElements(table, turned(table)),
    },
  },
  {
    name: 'readTableRows',
    works: () => into([2, 2], (out) => readTableRows(table, tensor([2, 0]), out)),
    gives: [
      -1,
      [
        [5, 6],
        [1.5, 2],
      ],
    ],
    refused: {
      'no matrix': () => readTableRows(ones([3]), tensor([0]), ones([1])),
      'a table of three dimensions': () => readTableRows(ones([3, 2, 1]), tensor([0]), ones([2])),
      'fewer rows than indices': () => readTableRows(table, tensor([2, 0]), zeros([1, 2])),
      'more rows than indices': () => readTableRows(table, tensor([2]), zeros([2, 2])),
      'another dtype': () => readTableRows(table, tensor([2]), zeros([1, 2], { dtype: 'float64' })),
    },
  },
  {
    name: 'addTableRows',
    works: () => into([2, 2], (out) => addTableRows(table, tensor([1, 1, 0]), out, plain)),
    gives: [
      [
        [5, 6],
        [4.5, 6],
      ],
    ],
    refused: {
      'fewer indices than rows': () => addTableRows(table, tensor([1]), zeros([2, 2]), plain),
      'no matrix of sums': () => addTableRows(table, tensor([1, 1, 0]), zeros([2]), plain),
      'sums of another dtype': () =>
        addTableRows(table, tensor([1, 1, 0]), zeros([2, 2], { dtype: 'float64' }), plain),
    },
  },
  {
    name: 'addTableRows',
    works: () =>
      into([2, 2], (out) => addTableRows(table, tensor([1, 1]), out, { ...plain, from: tensor([2, 0]) })),
    gives: [
      [
        [0, 0],
        [6.5, 8],
      ],
    ],
    refused: {
      'fewer named than named for': () =>
        addTableRows(table, tensor([1, 1]), zeros([2, 2]), { ...plain, from: tensor([2]) }),
      'sums of another width': () =>
        addTableRows(table, tensor([1]), zeros([2, 3]), { ...plain, from: tensor([2]) }),
      'sums that are no matrix': () =>
        addTableRows(table, tensor([1]), zeros([2, 2, 1]), { ...plain, from: tensor([2]) }),
      'values that are no matrix': () =>
        addTableRows(ones([3]), tensor([1]), zeros([2, 2]), { ...plain, from: tensor([2]) }),
    },
  },
  {
    name: 'greatestTableRows',
    works: () =>
      into([2, 2], (out) => greatestTableRows(table, tensor([0, 2]), tensor([1, 1]), out), 'int32'),
    gives: [
      -1,
      [
        [-1, -1],
        [2, 2],
      ],
    ],
    refused: {
      'fewer bags than indices': () => greatestTableRows(table, tensor([0, 2]), tensor([1]), int(2, 2)),
      'another width': () => greatestTableRows(table, tensor([0]), tensor([1]), int(2, 3)),
      'a result that is no matrix': () => greatestTableRows(table, tensor([0]), tensor([1]), int(2)),
      'a table that is no matrix': () => greatestTableRows(ones([3]), tensor([0]), tensor([1]), int(2, 2)),
    },
  },
  {
    name: 'numberBags',
    works: () => into([3], (out) => numberBags(tensor([0, 2]), out), 'int32'),
    gives: [-1, [0, 0, 1]],
    refused: {
      'offsets that are no integers': () => numberBags(tensor([0.5, 2]), int(3)),
      'numbers of another dtype': () => numberBags(tensor([0, 2]), zeros([3])),
    },
  },
  {
    name: 'maskClasses',
    works: () =>
      into([2, 3], (out) => maskClasses(tensor([2, -7]), { classes: 3, dim: 1, ignoreIndex: -7 }, out)),
    gives: [
      -1,
      [
        [0, 0, 1],
        [0, 0, 0],
      ],
    ],
    refused: {
      'other classes': () =>
        maskClasses(tensor([2, 0]), { classes: 4, dim: 1, ignoreIndex: null }, zeros([2, 3])),
      'classes along another dimension': () =>
        maskClasses(tensor([2, 0]), { classes: 3, dim: 0, ignoreIndex: null }, zeros([2, 3])),
      'fewer targets': () =>
        maskClasses(tensor([2]), { classes: 3, dim: 1, ignoreIndex: null }, zeros([2, 3])),
    },
  },
  {
    name: 'weighClasses',
    works: () =>
      into([2, 3], (out) => weighClasses(tensor([2, 0]), tensor([1.5, 1, 4]), { classes: 3, scale: 2 }, out)),
    gives: [
      -1,
      [
        [8, 8, 0],
        [0, 3, 3],
      ],
    ],
    refused: {
      'other classes': () => weighClasses(tensor([2, 0]), null, { classes: 4, scale: 2 }, zeros([2, 3])),
      'fewer targets': () => weighClasses(tensor([2]), null, { classes: 3, scale: 2 }, zeros([2, 3])),
      'no matrix': () => weighClasses(tensor([2, 0]), null, { classes: 3, scale: 2 }, zeros([6])),
      'a matrix in a list': () =>
        weighClasses(tensor([2, 0]), null, { classes: 3, scale: 2 }, zeros([2, 3, 1])),
    },
  },
  {
    name: 'multilabelMargins',
    works: () =>
      into([1], (out) => multilabelMargins(tensor([[0.5, 1, 0.25]]), tensor([[1, -1, 0]]), null, out)),
    // (max(0, 1 - 1 + 0.5) + max(0, 1 - 1 + 0.25)) / 3
    gives: [-1, [0.25]],
    refused: {
      'fewer results than rows': () => multilabelMargins(ones([2, 3]), int(2, 3), null, zeros([1])),
      'a result for each score': () => multilabelMargins(ones([2, 3]), int(2, 3), null, zeros([2, 3])),
      'fewer targets': () => multilabelMargins(ones([2, 3]), int(1, 3), null, zeros([2])),
      'gradients of each score': () =>
        multilabelMargins(ones([2, 3]), int(2, 3), ones([2, 3]), zeros([2, 3])),
      'results for each row of gradients': () =>
        multilabelMargins(ones([2, 3]), int(2, 3), ones([2]), zeros([2])),
    },
  },
  {
    name: 'multilabelMargins',
    works: () =>
      into([3], (out) => multilabelMargins(tensor([0.5, 1, 0.25]), tensor([1, -1, 0]), tensor(3), out)),
    gives: [-1, [1, -2, 1]],
    refused: {},
  },
  {
    name: 'multilabelMargins',
    works: () => into([], (out) => multilabelMargins(tensor(0.5), tensor(0), null, out)),
    gives: [-1, 0],
    refused: {},
  },
  {
    name: 'alignmentsFit',
    works: () => [alignmentsFit(aligned(logs)), alignmentsFit(aligned(logs, tensor([[1]]), tensor([3])))],
    gives: [true, false],
    refused: {
      'no time': () => alignmentsFit(aligned(ones([1, 3]))),
      'labels of more samples': () => alignmentsFit(aligned(logs, tensor([[1], [2]]))),
      'labels of three dimensions': () => alignmentsFit(aligned(logs, tensor([[[1]]]))),
      'more lengths of inputs': () => alignmentsFit(aligned(logs, tensor([[1]]), tensor([2, 2]))),
      'more lengths of labels': () =>
        alignmentsFit(aligned(logs, tensor([[1]]), tensor([2]), tensor([1, 1]))),
      'no lengths': () => alignmentsFit([logs, tensor([[1]])] as never),
    },
  },
  {
    name: 'alignmentLosses',
    // Of nine paths of two steps three spell the label: 1 1, blank 1, 1 blank.
    works: () => [
      Number(into([1], (out) => alignmentLosses(aligned(logs), rules, null, out)).flat()).toFixed(5),
    ],
    gives: [Math.log(3).toFixed(5)],
    refused: {
      'a blank that is no class': () =>
        alignmentLosses(aligned(logs), { ...rules, blank: 3 }, null, zeros([1])),
      'more results than samples': () => alignmentLosses(aligned(logs), rules, null, zeros([2])),
      'a result for each log-probability, without gradients': () =>
        alignmentLosses(aligned(logs), rules, null, zeros([2, 1, 3])),
      'a result for each sample, with gradients': () =>
        alignmentLosses(aligned(logs), rules, ones([1]), zeros([1])),
      'more gradients than samples': () => alignmentLosses(aligned(logs), rules, ones([2]), zeros([2, 1, 3])),
      'no time': () => alignmentLosses(aligned(ones([1, 3])), rules, null, zeros([1])),
    },
  },
  {
    name: 'sumTaps',
    works: () => {
      summed({})();
      return taps.y.tolist();
    },
    gives: [[[3.5, 4]]],
    refused: {
      'places of other samples': summed({ index: int(2, 2, 2) }),
      'other weights': summed({ weights: ones([1, 2, 3]) }),
      'x of two dimensions': summed({ x: ones([1, 3]) }),
      'x of four dimensions': summed({ x: ones([1, 1, 3, 1]) }),
      'other channels': summed({ y: zeros([1, 2, 2]) }),
      'other points': summed({ y: zeros([1, 1, 3]) }),
      'places that are no integers': summed({ index: zeros([1, 2, 2]) }),
      'weights of another dtype': summed({ weights: ones([1, 2, 2], { dtype: 'float64' }) }),
      'results of another dtype': summed({ y: zeros([1, 1, 2], { dtype: 'float64' }) }),
      integers: summed({ x: int(1, 1, 3), weights: int(1, 2, 2), y: int(1, 1, 2) }),
      'a result with gaps': summed({ y: zeros([1, 1, 4]).asStrided([1, 1, 2], [4, 4, 2]) }),
    },
  },
];

describe.each(cases)('$name', ({ name, works, gives, refused }) => {
  it('takes what fits', () => {
    expect(works()).toEqual(gives);
  });

  it.each(Object.entries(refused))('refuses %s', (_, call) => {
    expect(call).toThrow(new RegExp(`^${name}: expected `));
  });
});

describe('holdsOutside', () => {
  it('counts what is below or above, and NaN where that is said', () => {
    expect(holdsOutside(tensor([0, 2]), 0, 2)).toBe(false);
    expect(holdsOutside(tensor([0, 2]), 1, 2)).toBe(true);
    expect(holdsOutside(tensor([0, 2]), 0, 1)).toBe(true);
    expect(holdsOutside(tensor([Number.NaN, 1]), 0, 2)).toBe(false);
    expect(holdsOutside(tensor([Number.NaN, 1]), 0, 2, true)).toBe(true);
  });
});

describe('the functions for kernels', () => {
  it.each<[string, (...args: never[]) => unknown]>([
    ['addTableRows', addTableRows],
    ['alignmentLosses', alignmentLosses],
    ['alignmentsFit', alignmentsFit],
    ['copyElements', copyElements],
    ['greatestTableRows', greatestTableRows],
    ['holdsOutside', holdsOutside],
    ['maskClasses', maskClasses],
    ['multilabelMargins', multilabelMargins],
    ['numberBags', numberBags],
    ['readTableRows', readTableRows],
    ['sumTaps', sumTaps],
    ['weighClasses', weighClasses],
    ['worksInJavaScript', worksInJavaScript],
  ])('%s names itself where it is given nothing, or too much', (name, f) => {
    expect(() => f()).toThrow(new RegExp(`^${name}: `));
    expect(() => f(...(new Array(9).fill(ones(2)) as never[]))).toThrow(new RegExp(`^${name}: `));
  });
});
