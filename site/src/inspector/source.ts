/** The code that the reader sees, made a program whose backward passes are looked at. */
import { lookedAt } from '../workbench/looked-at.ts';

/** The module of the worker that looks on, as programs import it. */
export const inspectorModule = '@site/inspector';

export const inspected = (code: string): string[] =>
  lookedAt(
    code,
    `import { inspector as inspector__ } from '${inspectorModule}'; inspector__.begin();`,
    (values, names) => `inspector__.finish(${values}, ${JSON.stringify(names)});`,
  );
