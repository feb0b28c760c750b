/**
 * What an editor shows of Tensor's members, from the sources; `tools/check-packages.ts` asks the same of the packed
 * package.
 */
import { join } from 'node:path';
import { Tensor } from '@kindling/core';
import ts from '@typescript/typescript6';
import { expect, it } from 'vitest';
import { faultsOfMembers } from '../../tools/language-service.ts';
import { packages, root } from './support/sources.ts';

const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);

it('every member of Tensor is documented, and leads to the function that does the work', {
  timeout: 120_000,
}, () => {
  const place = { directory: import.meta.dirname, options, sources: join(packages, 'core/src') };
  const { names, faults } = faultsOfMembers(place, Object.getOwnPropertyNames(Tensor.prototype));
  expect(names.length).toBeGreaterThan(330);
  expect(faults.join('\n')).toBe('');
});
