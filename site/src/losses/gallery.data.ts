/** The small curves of the overview, computed while the site is built. */
import { tsImport } from 'tsx/esm/api';
import type { GalleryEntry } from './pages.ts';

declare const data: readonly GalleryEntry[];

export { data };

export default {
  watch: ['./**/*.ts'],
  async load(): Promise<readonly GalleryEntry[]> {
    const { galleryEntries }: { galleryEntries(): readonly GalleryEntry[] } = await tsImport(
      './pages.ts',
      import.meta.url,
    );
    return galleryEntries();
  },
};
