/** docs/ledger.md says what the packages export today. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accounts, fateOfOperation, idle } from '../../tools/ledger/compare.ts';
import { page } from '../../tools/ledger/page.ts';
import { root } from './support/sources.ts';

const fateIn = (torch: string, name: string) =>
  accounts()
    .find((account) => account.torch === torch)
    ?.fates.get(name);

describe('docs/ledger.md', () => {
  it('is what `pnpm docs:ledger` makes', () => {
    expect(page()).toBe(readFileSync(join(root, 'docs/ledger.md'), 'utf8'));
  });

  it('has no line in its tables that leads nowhere', () => {
    expect(idle()).toEqual([]);
  });
});

describe('the fate of a name', () => {
  it('is to be there in camelCase, in the counterpart of its namespace', () => {
    expect(fateIn('torch.nn.functional', 'cross_entropy')).toEqual({ kind: 'same' });
    expect(fateIn('torch.Tensor', 'index_add_')).toEqual({ kind: 'same' });
  });

  it('is to be said otherwise: in another place, by another name, as the language has it', () => {
    expect(fateIn('torch', 'layer_norm')).toEqual({ kind: 'otherwise', way: '`nn.F.layerNorm`' });
    expect(fateIn('torch', 'arccos')).toEqual({ kind: 'otherwise', way: '`acos`' });
    expect(fateIn('torch.Tensor', 'arccos')).toEqual({ kind: 'otherwise', way: '`x.acos`' });
    expect(fateIn('torch', 'pi')).toEqual({ kind: 'otherwise', way: '`Math.PI`' });
  });

  it('is to be left out for a reason', () => {
    expect(fateIn('torch', 'cudnn_convolution')).toMatchObject({ kind: 'left out' });
    expect(fateIn('torch.fft', 'rfft')).toMatchObject({ reason: { title: 'Complex numbers' } });
  });

  it('is told of the operations in PyTorch’s list too', () => {
    expect(fateOfOperation('linalg.det')).toEqual({ kind: 'same' });
    expect(fateOfOperation('__radd__')).toMatchObject({ kind: 'otherwise' });
    expect(fateOfOperation('sparse.mm')).toMatchObject({ kind: 'left out' });
  });
});
