/** The folders that mutants are drawn from, and the tests that concern each. */

export interface Folder {
  /** Where its sources are, below packages/. */
  readonly source: string;
  /** The sources, where they are not all that lie there. */
  readonly files?: readonly string[];
  /** The share of mutants, in percent, that its tests must kill. */
  readonly least: number;
  /** Beginnings of the paths of its tests below packages/. Those of `wider` run where `near` lets a mutant live. */
  readonly near: readonly string[];
  readonly wider: readonly string[];
}

/** The tests of what programs are made of, whichever folder makes it. */
const ofPrograms: Pick<Folder, 'near' | 'wider'> = {
  near: [
    'core/test/compile/passes',
    'core/test/compile/functions.test',
    'core/test/compile/host-numbers',
    'core/test/compile/turned-copies',
    'core/test/compile/operands',
  ],
  wider: [
    'core/test/compile/refusals',
    'core/test/compile/products',
    'core/test/compile/random-programs',
    'core/test/compile/lowering-integers',
    'core/test/compile/lowering-order',
    'core/test/compile/threads.test',
  ],
};

export const folders: Readonly<Record<string, Folder>> = {
  autograd: {
    source: 'core/src/autograd',
    least: 85,
    near: [
      'core/test/autograd/engine',
      'core/test/autograd/hooks',
      'core/test/autograd/ownership',
      'core/test/autograd/function',
      'core/test/autograd/checkpoint',
      'core/test/autograd/gradcheck',
      'core/test/autograd/anomaly',
      'core/test/autograd/grad-mode',
    ],
    wider: [
      'core/test/record/',
      'core/test/autograd/second',
      'core/test/autograd/views',
      'core/test/autograd/',
    ],
  },
  record: {
    source: 'core/src/record',
    least: 85,
    near: [
      'core/test/record/',
      'core/test/autograd/engine',
      'core/test/autograd/grad-mode',
      'core/test/autograd/function',
      'core/test/autograd/ownership',
      'core/test/inplace',
    ],
    wider: [
      'core/test/autograd/hooks',
      'core/test/autograd/second',
      'core/test/autograd/checkpoint',
      'core/test/autograd/views',
      'core/test/arguments',
      'core/test/print',
      'core/test/kernels/calls',
      'core/test/compile/checks-on-host',
      'core/test/compile/cannot-compile',
      'core/test/compile/apart',
      'core/test/compile/host-numbers',
      'core/test/compile/changes-noticed',
      'core/test/autograd/changed-views',
    ],
  },
  parameters: {
    source: 'core/src/parameters',
    least: 85,
    near: ['core/test/parameters'],
    wider: ['optim/test/arguments', 'nn/test/module'],
  },
  tensor: {
    source: 'core/src',
    files: ['tensor.ts', 'storage.ts', 'shape.ts', 'dtype.ts'],
    least: 85,
    near: [
      'core/test/storage',
      'core/test/shape',
      'core/test/dtype',
      'core/test/frozen',
      'core/test/unreadable',
      'core/test/inspect',
      'core/test/equality-of-tensors',
      'core/test/lists-of-the-caller',
    ],
    wider: [
      'core/test/data-door',
      'core/test/autograd/ownership',
      'core/test/autograd/grad-mode',
      'core/test/creation',
    ],
  },
  io: {
    source: 'core/src/io',
    least: 85,
    near: ['core/test/io/'],
    wider: ['core/test/node/'],
  },
  data: { source: 'core/src/data', least: 85, near: ['core/test/data/'], wider: [] },
  checkpoint: {
    source: 'core/src/checkpoint',
    least: 85,
    near: ['core/test/checkpoint/checkpoint', 'core/test/checkpoint/browser-storages'],
    wider: ['optim/test/resume', 'core/test/data/loader-state'],
  },
  module: {
    source: 'nn/src/module',
    least: 85,
    near: ['nn/test/module', 'nn/test/state-dict', 'nn/test/containers', 'nn/test/print', 'nn/test/frozen'],
    wider: [
      'nn/test/faces',
      'nn/test/layers',
      'nn/test/init',
      'nn/test/activations',
      'nn/test/compile',
      'optim/test/state-dict',
    ],
  },
  optim: {
    source: 'optim/src',
    least: 85,
    near: [
      'optim/test/optimizer',
      'optim/test/state-dict',
      'optim/test/arguments',
      'optim/test/schedulers',
      'optim/test/lbfgs-scripts',
      'optim/test/beyond',
    ],
    wider: [
      'optim/test/oracle',
      'optim/test/lives',
      'optim/test/every-constructor',
      'optim/test/refused',
      'optim/test/lbfgs.test',
      'optim/test/lbfgs-parameters',
      'optim/test/sam',
      'optim/test/averaging',
      'optim/test/early-stopping',
      'optim/test/lr-finder',
      'optim/test/rates',
      'optim/test/scheduler-print',
      'optim/test/closures',
      'optim/test/properties',
    ],
  },
  ops: {
    source: 'core/src/ops',
    least: 75,
    near: [
      'core/test/ops/',
      'core/test/creation',
      'core/test/inplace',
      'core/test/dtype',
      'core/test/random',
    ],
    wider: ['core/test/oracle.', 'core/test/laws', 'core/test/special-values', 'core/test/autograd/'],
  },
  kernels: {
    source: 'core/src/kernels',
    least: 75,
    near: ['core/test/kernels/', 'core/test/ops/'],
    wider: ['core/test/oracle.', 'core/test/laws', 'core/test/special-values', 'core/test/inplace'],
  },
  gemm: {
    source: 'core/src/kernels/gemm',
    least: 75,
    near: [
      'core/test/kernels/gemm',
      'core/test/ops/int32-totals',
      'core/test/compile/turned-copies',
      'core/test/compile/products',
    ],
    wider: [
      'core/test/kernels/wide-vectors',
      'core/test/threads.test',
      'core/test/compile/lowering-integers',
      'core/test/compile/lowering.test',
      'core/test/recurrent',
    ],
  },
  reduce: {
    source: 'core/src/kernels/reduce',
    least: 75,
    near: [
      'core/test/kernels/reduce',
      'core/test/ops/reductions',
      'core/test/ops/reduced',
      'core/test/ops/int32-totals',
    ],
    wider: [
      'core/test/ops/norm',
      'core/test/compile/lowering-integers',
      'core/test/compile/lowering.test',
      'core/test/compile/threads.test',
    ],
  },
  rows: {
    source: 'core/src/kernels/rows',
    least: 75,
    near: ['core/test/kernels/softmax', 'core/test/ops/softmax', 'core/test/normalize-groups'],
    wider: [
      'core/test/compile/lowering-long-rows',
      'core/test/compile/lowering-losses',
      'core/test/compile/lowering.test',
      'core/test/compile/threads.test',
      'nn/test/losses/numerics',
      'nn/test/losses/checks',
    ],
  },
  windows: {
    source: 'core/src/kernels/windows',
    least: 75,
    near: ['core/test/windows/'],
    wider: ['nn/test/pooling', 'core/test/compile/lowering.test', 'core/test/compile/operations'],
  },
  compile: {
    source: 'core/src/compile',
    least: 75,
    near: [
      'core/test/compile/passes',
      'core/test/compile/functions.test',
      'core/test/compile/interpreter',
      'core/test/compile/refusals',
      'core/test/compile/changes-noticed',
      'core/test/compile/host-numbers',
      'core/test/compile/checks-on-host',
      'core/test/compile/gradients',
      'core/test/compile/taken-from-outside',
      'core/test/compile/apart',
      'core/test/compile/cannot-compile',
      'core/test/compile/report',
      'core/test/compile/results',
      'core/test/compile/timings',
      'core/test/compile/compile',
    ],
    wider: [
      'core/test/compile/found-out',
      'core/test/compile/hooks-of-arguments',
      'core/test/compile/threads.test',
      'core/test/compile/generators',
      'core/test/compile/operands',
      'core/test/compile/what-lasts',
      'core/test/compile/sharing',
      'core/test/compile/random-programs',
      'core/test/compile/lowering-integers',
      'optim/test/compile.test',
    ],
  },
  recording: {
    source: 'core/src/kernels/recording',
    least: 75,
    near: [
      'core/test/kernels/calls',
      'core/test/kernels/own-products',
      'core/test/kernels/stand-ins',
      'core/test/compile/report',
      ...ofPrograms.near,
    ],
    wider: ofPrograms.wider,
  },
  program: {
    source: 'core/src/kernels/program',
    least: 75,
    ...ofPrograms,
  },
  losses: {
    source: 'nn/src/losses',
    least: 75,
    near: [
      'nn/test/losses/checks',
      'nn/test/losses/numerics',
      'nn/test/losses/beyond',
      'nn/test/losses/classes',
    ],
    wider: ['nn/test/special-values', 'nn/test/oracle.', 'nn/test/losses/properties'],
  },
  layers: {
    source: 'nn/src/layers',
    least: 75,
    near: ['nn/test/layers', 'nn/test/print', 'nn/test/module'],
    wider: ['nn/test/generators', 'nn/test/init', 'nn/test/state-dict', 'nn/test/oracle.'],
  },
  activations: {
    source: 'nn/src/activations',
    least: 75,
    near: ['nn/test/activations', 'nn/test/generators'],
    wider: ['nn/test/print', 'nn/test/oracle.'],
  },
  print: {
    source: 'core/src/print',
    least: 75,
    near: ['core/test/print', 'core/test/tensor-print'],
    wider: [],
  },
  random: {
    source: 'core/src/random',
    least: 75,
    near: ['core/test/random', 'core/test/tensor-random'],
    wider: ['core/test/seeded'],
  },
  arguments: {
    source: 'core/src/arguments',
    least: 75,
    near: ['core/test/arguments', 'core/test/parameters', 'core/test/creation', 'optim/test/arguments'],
    wider: ['core/test/ops/', 'nn/test/layers'],
  },
};
