/** What the components of a loss's page have in common. */
import { useData } from 'vitepress';
import { type ComputedRef, computed, onMounted, reactive } from 'vue';
import { type Running, start } from '../live/run.ts';
import type { Answer, Computation, Computations, Question } from './library.ts';
import type { LossName } from './names.ts';
import type { LossParams } from './params.ts';
import type { Controls } from './pictures/controls.ts';

type Values = Record<string, number | string | boolean>;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: Error) => void;
}

let running: Running | undefined;
let asked = 0;
const waiting = new Map<number, Waiting>();

/** Starts the worker, once; what a page begins with was computed when the site was built. */
export function library(): Running {
  if (import.meta.env.SSR) throw new Error('nothing is computed while pages are rendered');
  running ??= start(
    { blocks: [] },
    {
      onPage(message) {
        const { id, value } = message as Answer;
        waiting.get(id)?.resolve(value as never);
        waiting.delete(id);
      },
      onFailed({ name, message }) {
        running?.stop();
        running = undefined;
        for (const { reject } of waiting.values()) reject(new Error(`${name}: ${message}`));
        waiting.clear();
      },
    },
    new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'losses' }),
  );
  return running;
}

/** Has something computed in the worker. */
export function ask<K extends Computation>(
  name: K,
  ...given: Parameters<Computations[K]>
): Promise<ReturnType<Computations[K]>> {
  return new Promise((resolve, reject) => {
    asked += 1;
    waiting.set(asked, { resolve, reject });
    library().post({ id: asked, name, given } satisfies Question<K>);
  });
}

/** Acts once at a time: of the calls that come meanwhile, the last is followed. */
export function inTurn(act: () => Promise<void>): () => Promise<void> {
  let busy = false;
  let again = false;
  return async () => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        await act();
      }
    } finally {
      busy = false;
    }
  };
}

/** The parameters of the page that is shown; also while the next is on its way. */
export function useLoss(): ComputedRef<LossParams> {
  const { params } = useData();
  let last = params.value as LossParams;
  return computed(() => {
    if (params.value !== undefined && 'loss' in params.value) last = params.value as LossParams;
    return last;
  });
}

const settings = new Map<LossName, Values>();

const initialValues = (controls: Controls): Values =>
  Object.fromEntries(Object.entries(controls).map(([name, { value }]) => [name, value]));

/** What the controls of a loss say, for all that its page shows. */
export function settingsOf({ loss, controls }: LossParams): Values {
  const known = settings.get(loss);
  if (known) return known;
  const values = reactive(initialValues(controls));
  settings.set(loss, values);
  return values;
}

/** Puts all controls back. */
export const resetSettings = (params: LossParams): void => {
  Object.assign(settingsOf(params), initialValues(params.controls));
};

/** Calls when the page has nothing else to do. */
export function whenIdle(then: () => void): void {
  onMounted(() => {
    if ('requestIdleCallback' in window) requestIdleCallback(() => then(), { timeout: 2000 });
    else setTimeout(then, 300);
  });
}
