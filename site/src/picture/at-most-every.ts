/** What changes often, shown now and then. */
import { onBeforeUnmount, type ShallowRef, shallowRef, watch } from 'vue';

/** What `source` gave last; it changes at most once in so many milliseconds, and what came last always comes. */
export function atMostEvery<T>(source: () => T, milliseconds: number): Readonly<ShallowRef<T>> {
  const shown = shallowRef(source()) as ShallowRef<T>;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = Number.NEGATIVE_INFINITY;
  const show = (): void => {
    timer = undefined;
    next = performance.now() + milliseconds;
    shown.value = source();
  };
  watch(source, () => {
    timer ??= setTimeout(show, Math.max(0, next - performance.now()));
  });
  onBeforeUnmount(() => clearTimeout(timer));
  return shown;
}
