/** What the components of a loss's page have in common. */
import { useData } from 'vitepress';
import { type ComputedRef, computed, onMounted, reactive } from 'vue';
import type { LossName } from './names.ts';
import type { LossParams } from './params.ts';
import type { Controls } from './pictures/picture.ts';

type Library = typeof import('./library.ts');
type Values = Record<string, number | string | boolean>;

let loading: Promise<Library> | undefined;
/** The library, in a browser: what a page begins with was computed when the site was built. */
export function library(): Promise<Library> {
  if (import.meta.env.SSR) throw new Error('nothing is computed while pages are rendered');
  loading ??= import('./library.ts');
  return loading;
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
