/** What happens a moment after the last key, and not at each. */
import { onBeforeUnmount } from 'vue';

interface Soon {
  (): void;
  cancel(): void;
}

export function soon(act: () => void, milliseconds: number): Soon {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const cancel = (): void => clearTimeout(timer);
  onBeforeUnmount(cancel);
  const later = (): void => {
    cancel();
    timer = setTimeout(act, milliseconds);
  };
  return Object.assign(later, { cancel });
}
