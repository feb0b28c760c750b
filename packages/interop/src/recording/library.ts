/** Which modules are the library's own. */

import type { AnyModule } from '@kindling/nn';
import * as nn from '@kindling/nn';

const classes = new Map<unknown, string>(
  Object.entries(nn).flatMap(([name, value]) =>
    typeof value === 'function' && /^[A-Z]/.test(name) ? [[value, name]] : [],
  ),
);

/** The name of a module's class, where it is the library's and not a user's. */
export const libraryClass = (module: AnyModule): string | null => classes.get(module.constructor) ?? null;
