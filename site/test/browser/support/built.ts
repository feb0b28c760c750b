/** Where the built site lies. */
import { join } from 'node:path';

export const built = process.env.KINDLING_SITE_OUT ?? join(import.meta.dirname, '../../../dist');
