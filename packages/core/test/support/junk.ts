import { arrayConstructor } from '../../src/dtype.ts';
import { allocateBy } from '../../src/storage.ts';

/** Runs `body` with new memory that holds numbers already, as memory that is used again does. */
export function onJunk<T>(body: () => T): T {
  allocateBy((dtype, n) => new (arrayConstructor(dtype))(n).fill(7));
  try {
    return body();
  } finally {
    allocateBy(null);
  }
}
