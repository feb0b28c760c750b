/** How a page comes alive: in many short tasks, between which what the reader does is heard. */
import { type Component, defineAsyncComponent, type HydrationStrategy } from 'vue';
import { onceInView } from './in-view.ts';

/** The component, which in a page that was rendered comes alive when it is told to. */
const alive = <T extends Component>(component: T, hydrate: HydrationStrategy): T =>
  defineAsyncComponent({ loader: () => Promise.resolve(component), hydrate }) as unknown as T;

/** Acts in the next task, unless what is returned is called before. */
function inTheNextTask(act: () => void): () => void {
  const task = setTimeout(act);
  return () => clearTimeout(task);
}

/** The component, which in a page that was rendered comes alive in a task of its own, after what stands around it. */
export const inItsOwnTask = <T extends Component>(component: T): T => alive(component, inTheNextTask);

/** The component, which in a page that was rendered comes alive in a task of its own, once it can be seen. */
export const onceSeen = <T extends Component>(component: T): T =>
  alive(component, (hydrate, forEachElement) => {
    const endings: (() => void)[] = [];
    const end = (): void => {
      for (const ending of endings.splice(0)) ending();
    };
    const seen = (): void => {
      end();
      endings.push(inTheNextTask(hydrate));
    };
    forEachElement((element) => endings.push(onceInView(element, seen)));
    return end;
  });

/** Acts once the parts of a page have come alive: their tasks are there by the next one. */
export function afterItsParts(act: () => void): void {
  setTimeout(() => setTimeout(act));
}
