/** loss.py: PyTorch's loss by its name, or a function of what the loss computes. */
import { Tensor } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { ExportError } from '../../errors.ts';
import { isValue, type Recording } from '../../recording/index.ts';
import { parameterNames } from './arguments.ts';
import { Body, type Statement } from './body.ts';
import { construction, torchClass } from './calls/index.ts';
import { modelFile } from './model.ts';
import { bodyLines, definition, fileOf } from './render.ts';
import { flat, layOut, prefixed, text, unmarked } from './text/index.ts';

interface LossFile {
  readonly text: string;
  readonly isModule: boolean;
  readonly state: Readonly<Record<string, Tensor>>;
}

/** A loss that PyTorch has. */
export function lossByName(loss: AnyModule): LossFile | null {
  const name = torchClass(loss);
  if (name === null) return null;
  const lines = layOut(prefixed('loss_fn = ', unmarked(construction(loss, name))), 0);
  return {
    text: fileOf('The loss: PyTorch has it.', [lines]),
    isModule: true,
    state: loss.stateDict() as Record<string, Tensor>,
  };
}

/** How the leaves of a nested result are reached: `output["logits"]`. */
function leavesOf(tree: unknown, at: string): string[] {
  if (tree instanceof Tensor) return [at];
  if (typeof tree !== 'object' || tree === null) return [];
  if (Array.isArray(tree)) return tree.flatMap((item, i) => leavesOf(item, `${at}[${i}]`));
  return Object.entries(tree).flatMap(([name, item]) => leavesOf(item, `${at}[${text(name)}]`));
}

/**
 * A loss written as a function of what the model gives and the targets, of which the recording has all tensors as
 * inputs.
 */
export function lossByCalls(loss: unknown, recording: Recording, output: unknown): LossFile {
  const body: Body = new Body(
    recording.body,
    recording.result,
    {
      state: (x, name) => {
        if (name.startsWith('loss.') && !x.requiresGrad) return flat(body.constant(x));
        throw new ExportError(
          `the loss reads ${name}, which its function cannot reach: return it from the model, or give the loss no state of its own`,
        );
      },
      module: () => null,
      followsMode: () => false,
    },
    false,
  );
  const isFunction = !(typeof loss === 'function' && 'forward' in loss);
  const names = parameterNames(isFunction ? loss : (loss as { forward: unknown }).forward);
  const first = body.names.fresh(names[0] ?? 'output');
  const leaves = leavesOf(output, first);
  const parameters = [first];
  const unpacking: Statement[] = [];
  recording.inputs.forEach((x, i) => {
    const at = leaves[i];
    if (at === first) body.hold(x, first);
    else if (at === undefined) {
      const k = i - leaves.length + 1;
      parameters.push(body.bind(x, names[k] ?? `target${k === 1 ? '' : k}`));
    } else if (body.reads(x)) {
      const name = body.bind(x, /\["?(\w+)"?\]$/.exec(at)?.[1] ?? 'output');
      unpacking.push({ target: name, value: at, line: null });
    }
  });
  body.write();
  if (!isValue(recording.result)) throw new ExportError('the loss gives no tensor');
  const typed = parameters.map((p, i) => (i === 0 && leaves[0] !== first ? p : `${p}: Tensor`));
  const lines = [
    ...definition('loss_fn', typed, 'Tensor', 0),
    ...bodyLines([...unpacking, ...body.statements], body.result(recording.result), 4),
  ];
  return {
    text: fileOf('The loss, as a function of what the model gives and the targets.', [lines]),
    isModule: false,
    state: {},
  };
}

/** A loss with state, as a class. */
export function lossByClass(
  loss: AnyModule,
  recordings: readonly [training: Recording, evaluation: Recording],
  output: unknown,
): LossFile {
  const { name } = loss.constructor;
  if (!(output instanceof Tensor))
    throw new ExportError(
      `${name}: a loss with state of its own is given one tensor by the model; here the model gives several: return one, or write the loss as a function`,
    );
  const { text, className } = modelFile(loss, ...recordings, name === '' ? 'Loss' : name);
  const [, ...rest] = text.split('\n');
  return {
    text: `"""The loss, with its state."""\n${rest.join('\n')}\n\nloss_fn = ${className}()\n`,
    isModule: true,
    state: loss.stateDict() as Record<string, Tensor>,
  };
}
