/** Whether anybody looks: a training nobody sees should cost no processor. */
import { onBeforeUnmount, onMounted, type Ref } from 'vue';
import { afterItsParts } from '../live/in-its-own-task.ts';
import type { Training } from './training.ts';

/** A training that nobody touches comes to rest after this long. */
const untouched = 90_000;

/**
 * Has a training rest while nobody can see its element, and pause where nobody has touched the page for long: `note`
 * says so.
 */
export function watchAttention(
  element: Ref<HTMLElement | undefined>,
  training: Training,
  note: Ref<string>,
): void {
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (): void => training.rest(away || document.hidden);
  const onIdle = (): void => {
    if (training.state.value !== 'running') return;
    training.pause(true);
    note.value = 'Paused, since nobody has touched the page for a while.';
  };
  const touched = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onIdle, untouched);
  };
  let observer: IntersectionObserver | undefined;
  const events = ['pointerdown', 'pointermove', 'keydown', 'scroll'] as const;
  onMounted(() => {
    observer = new IntersectionObserver((entries) => {
      away = entries.at(-1)?.isIntersecting === false;
      tell();
    });
    if (element.value) observer.observe(element.value);
    document.addEventListener('visibilitychange', tell);
    for (const event of events) addEventListener(event, touched, { passive: true });
    touched();
  });
  onBeforeUnmount(() => {
    observer?.disconnect();
    document.removeEventListener('visibilitychange', tell);
    for (const event of events) removeEventListener(event, touched);
    clearTimeout(timer);
  });
}

export const wantsStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * Starts a training, or says why it waits. Both come after the parts of the page: they come alive from what it showed
 * at first, and a training would take the processor from them.
 */
export function startUnlessStill(training: Training, start: () => void, note: Ref<string>): void {
  let gone = false;
  onBeforeUnmount(() => {
    gone = true;
  });
  afterItsParts(() => {
    if (gone || training.state.value !== 'starting') return;
    if (!wantsStillness()) return start();
    training.stop();
    note.value = 'Your system asks for less motion: the training waits for you.';
  });
}
