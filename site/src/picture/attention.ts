/** Whether anybody looks: a training nobody sees should cost no processor. */
import { onBeforeUnmount, onMounted, type Ref } from 'vue';

/** A training that nobody touches comes to rest after this long. */
const untouched = 90_000;

export interface Watching {
  /** Called with whether nobody can see the element. */
  readonly onUnseen: (unseen: boolean) => void;
  /** Called when nobody has touched the page for long. */
  readonly onIdle: () => void;
}

export function watchAttention(element: Ref<HTMLElement | undefined>, { onUnseen, onIdle }: Watching): void {
  let away = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (): void => onUnseen(away || document.hidden);
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
