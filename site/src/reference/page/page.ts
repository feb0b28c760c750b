/** The site's search on pages of the reference. */
import { openSearch } from '../../search/dialog.ts';
import { onSearchKeys } from '../../search/keys.ts';

const root = new URL(document.documentElement.dataset.base ?? './', location.href);
const open = (): void => openSearch(new URL('../pagefind/', root));

document.querySelector('.k-search-button')?.addEventListener('click', open);
onSearchKeys(open);
