/** Every operation against PyTorch's own operator database; see tools/oracle. */

import { operationSuite } from './oracle/suite.ts';

for (const family of ['unary', 'binary', 'reduce', 'matmul', 'views', 'indexing', 'creation']) {
  operationSuite(family, new URL(`./fixtures/ops/${family}`, import.meta.url));
}
