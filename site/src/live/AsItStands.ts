/**
 * What never changes, in a slot of something that does: rendered with the page it stays as it stands there, and is not gone over
 * again when the page comes alive.
 */
import { defineAsyncComponent, type FunctionalComponent } from 'vue';

const Slot: FunctionalComponent = (_, { slots }) => slots.default?.();

export default defineAsyncComponent({ loader: () => Promise.resolve(Slot), hydrate: () => {} });
