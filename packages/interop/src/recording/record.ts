import { enableGrad, listenToCalls, observe } from '@kindling/core';
import type { AnyModule } from '@kindling/nn';
import { leavingAsBefore } from './as-before.ts';
import { framesAbove } from './frames.ts';
import { Recorder } from './recorder.ts';
import type { Recorded, Recording } from './recording.ts';
import { Values } from './values.ts';

/** Tells the recorder of each module of the models that is called, until the returned function is called. */
function watchModules(models: Readonly<Record<string, AnyModule>>, recorder: Recorder): () => void {
  const handles = Object.entries(models).flatMap(([prefix, model]) =>
    model.namedModules({ prefix }).flatMap(([path, module]) => [
      module.registerForwardPreHook((_: AnyModule, inputs: readonly unknown[]) => {
        recorder.entered(module, path, inputs);
      }),
      // Before the user's, whose operations are not the module's.
      module.registerForwardHook(
        (_: AnyModule, __: unknown, result: unknown) => {
          recorder.left(module, result);
        },
        { prepend: true },
      ),
    ]),
  );
  return () => {
    for (const handle of handles) handle.remove();
  };
}

/**
 * A call as a tree of what it called. Models, their state, gradients and modes, and generators are afterwards as they
 * were; the inputs, if the call changes them, are not. Nothing is recorded for backward meanwhile.
 * @throws ExportError where what is computed depends on the values of tensors in JavaScript; what the call throws
 */
export function record(recorded: Recorded): Recording {
  const { call, inputs, models } = recorded;
  return leavingAsBefore(Object.values(models), () => {
    const values = new Values(recorded);
    const given = inputs.map((x) => values.of(x));
    const undo: (() => void)[] = [];
    try {
      return enableGrad(() => {
        const recorder = new Recorder(values, framesAbove(1).length);
        undo.push(watchModules(models, recorder), observe(recorder));
        const listener = listenToCalls(recorder);
        undo.push(() => void listenToCalls(listener));
        const result = call(...inputs);
        recorder.finish();
        return { inputs: given, result: values.argument(result), body: recorder.body };
      });
    } finally {
      for (const step of undo.reverse()) step();
    }
  });
}
