/** The code that the reader sees, made a program whose compiled functions are looked at. */
import { lookedAt } from '../workbench/looked-at.ts';

/** The module of the worker that looks on, as programs import it. */
export const explorerModule = '@site/explorer';

export const explored = (code: string): string[] =>
  lookedAt(
    code,
    `import { explorer as explorer__ } from '${explorerModule}'; import * as core__ from '@kindling/core'; explorer__.begin(core__);`,
    (values) => `explorer__.finish(${values});`,
  );
