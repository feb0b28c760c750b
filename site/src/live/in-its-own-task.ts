/** How a page comes alive: in many short tasks, between which what the reader does is heard. */
import { type Component, defineAsyncComponent } from 'vue';

/** The component, which in a page that was rendered comes alive in a task of its own, after what stands around it. */
export function inItsOwnTask<T extends Component>(component: T): T {
  return defineAsyncComponent({
    loader: () => Promise.resolve(component),
    hydrate: (hydrate) => {
      const task = setTimeout(hydrate);
      return () => clearTimeout(task);
    },
  }) as unknown as T;
}

/** Acts once the parts of a page have come alive: their tasks are there by the next one. */
export function afterItsParts(act: () => void): void {
  setTimeout(() => setTimeout(act));
}
