/** What PyTorch lacks, as docs/ledger.md counts it, is not written by a name that nobody has there. */
import { readFileSync } from 'node:fs';
import { snakeCase, Tensor } from '@kindling/core';
import * as nn from '@kindling/nn';
import { expect, it } from 'vitest';
import { functionCall, torchClass } from '../../src/torch-project/python/calls/index.ts';
import { flat } from '../../src/torch-project/python/text/index.ts';

const ledger = readFileSync(new URL('../../../../docs/ledger.md', import.meta.url), 'utf8');
const beyond = /^## Beyond PyTorch$([\s\S]*?)^## /m.exec(ledger)?.[1] ?? '';
const namesAfter = (prefix: string): string[] =>
  [...beyond.matchAll(new RegExp(`\`${prefix}\\.(\\w+)\``, 'g'))].map(([, name = '']) => name);

it.each(namesAfter('nn\\.F'))('F.%s', (name) => {
  const python = functionCall({ name, given: {} }, { py: () => '' });
  expect(python === null ? '' : flat(python)).not.toMatch(new RegExp(`^F\\.${snakeCase(name)}\\(`));
});

it('methods of tensors', () => {
  const methods = [...beyond.matchAll(/`(\w+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) => name in Tensor.prototype);
  const given = { x: { dtype: 'float32' } };
  const write = { py: () => 'x' };
  expect(methods.filter((name) => functionCall({ name, given }, write) !== null)).toEqual([]);
});

it.each(namesAfter('nn').filter((name) => Reflect.get(nn, name)?.prototype instanceof nn.Module))(
  'nn.%s',
  (name) => {
    const { prototype } = Reflect.get(nn, name) as { prototype: nn.AnyModule };
    expect(torchClass(Object.create(prototype) as nn.AnyModule)).toBe(null);
  },
);
