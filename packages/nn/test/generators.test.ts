/** A generator of one's own: what draws takes its numbers from there, and leaves the default one alone. */
import { Generator, getRngState, manualSeed, randn, type Tensor, zeros } from '@kindling/core';
import * as nn from '@kindling/nn';
import { F, init } from '@kindling/nn';
import { expect, it } from 'vitest';

type Given = { readonly generator?: Generator };

const functions: Readonly<Record<string, (x: Tensor, given: Given) => Tensor>> = {
  dropout: (x, given) => F.dropout(x, given),
  dropout1d: (x, given) => F.dropout1d(x.select(0, 0), given),
  dropout2d: (x, given) => F.dropout2d(x, given),
  dropout3d: (x, given) => F.dropout3d(x.unsqueeze(0), given),
  alphaDropout: (x, given) => F.alphaDropout(x, { training: true, ...given }),
  featureAlphaDropout: (x, given) => F.featureAlphaDropout(x, { training: true, ...given }),
  gumbelSoftmax: (x, given) => F.gumbelSoftmax(x, given),
  rrelu: (x, given) => F.rrelu(x, { training: true, ...given }),
  RReLU: (x, given) => new nn.RReLU(given)(x),
  uniform_: (x, given) => init.uniform_(x, given),
  normal_: (x, given) => init.normal_(x, given),
  truncNormal_: (x, given) => init.truncNormal_(x, given),
  xavierUniform_: (x, given) => init.xavierUniform_(x, given),
  xavierNormal_: (x, given) => init.xavierNormal_(x, given),
  kaimingUniform_: (x, given) => init.kaimingUniform_(x, given),
  kaimingNormal_: (x, given) => init.kaimingNormal_(x, given),
  orthogonal_: (x, given) => init.orthogonal_(x, given),
  // Which are zero the default generator says, as in PyTorch.
  sparse_: (_, given) => init.sparse_(zeros([4, 4]), 0, given),
};

it.each(Object.entries(functions))('%s', (name, draw) => {
  const x = randn([2, 3, 4, 2]);
  manualSeed(5);
  const expected = draw(x.clone(), {}).tolist();
  manualSeed(6);
  const before = getRngState();
  expect(draw(x.clone(), { generator: new Generator().manualSeed(5) }).tolist()).toEqual(expected);
  if (name !== 'sparse_') expect(getRngState()).toEqual(before);
});
