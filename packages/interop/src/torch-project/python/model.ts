/** model.py: the classes of a model. */
import type { AnyModule } from '@kindling/nn';
import type { Recording } from '../../recording/index.ts';
import { Classes, reached } from './classes.ts';
import { classLines, fileOf } from './render.ts';

/** Lines at the end of the model's constructor: what is one though it has several names, and what is not trained. */
function lastLines(model: AnyModule): string[] {
  const lines: string[] = [];
  const first = new Map<unknown, string>();
  const tie = (name: string, x: unknown): void => {
    const known = first.get(x);
    if (known === undefined) first.set(x, name);
    else if (!lines.some((line) => name.startsWith(`${line.trim().split(' = ')[0]}.`)))
      lines.push(`        ${reached(model, name)} = ${reached(model, known)}`);
  };
  const isTiedAbove = (name: string): boolean =>
    lines.some(
      (line) =>
        `${reached(model, name)}`.startsWith(`${line.trim().split(' = ')[0]}.`) ||
        reached(model, name).startsWith(`${line.trim().split(' = ')[0]}[`),
    );
  for (const [name, module] of model.namedModules({ removeDuplicate: false }))
    if (!isTiedAbove(name)) tie(name, module);
  for (const [name, p] of model.namedParameters({ removeDuplicate: false }))
    if (!isTiedAbove(name)) tie(name, p);
  return [...lines, ...frozen(model, '')];
}

/** Which parameters are not trained: of a module all of them, or one by one. */
function frozen(root: AnyModule, path: string, module: AnyModule = root): string[] {
  const parameters = module.parameters();
  if (parameters.every((p) => p.requiresGrad)) return [];
  if (parameters.every((p) => !p.requiresGrad))
    return [`        ${reached(root, path)}.requires_grad_(False)`];
  const join = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return [
    ...module
      .namedParameters({ recurse: false })
      .flatMap(([name, p]) =>
        p.requiresGrad ? [] : [`        ${reached(root, join(name))}.requires_grad_(False)`],
      ),
    ...module.namedChildren().flatMap(([name, child]) => frozen(root, join(name), child)),
  ];
}

/** The text of model.py, and the name of the model's class. */
export function modelFile(
  model: AnyModule,
  training: Recording,
  evaluation: Recording,
  rootName: string,
): { text: string; className: string } {
  const { written } = new Classes(model, training, evaluation, rootName);
  const root = written.at(-1);
  const className = root?.name ?? rootName;
  const definitions = written.map((one) => classLines(one, one === root ? lastLines(model) : []));
  return { text: fileOf(`The model ${className}, as it was written for Kindling.`, definitions), className };
}
