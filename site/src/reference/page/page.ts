/** What the site adds to pages of the reference: its search, and the tree of names. */
import { openSearch } from '../../search/dialog.ts';
import { onSearchKeys } from '../../search/keys.ts';
import { drawNames } from './names.ts';

const home = new URL(document.documentElement.dataset.base ?? './', location.href);
const open = (): void => openSearch(new URL('../pagefind/', home));

document.querySelector('.k-search-button')?.addEventListener('click', open);
onSearchKeys(open);

const names = document.querySelector('.k-names > ul');
if (names !== null) void drawNames(names, home);
