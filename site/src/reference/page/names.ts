/** The tree of all names beside a page, drawn as far as it is unfolded. */

/** As the theme writes it: a name, its page, the names below. */
type Branch = [name: string, page: string, below?: Branch[]];

export async function drawNames(list: Element, home: URL): Promise<void> {
  const response = await fetch(new URL('assets/names.json', home));
  const branches = (await response.json()) as Branch[];
  const here = location.href.replace(/[?#].*$/, '');
  const address = (page: string): string => new URL(page, home).href;
  const holdsHere = ([, page, below]: Branch): boolean =>
    address(page) === here || (below?.some(holdsHere) ?? false);

  const leaf = (text: string, page: string): HTMLLIElement => {
    const link = document.createElement('a');
    link.href = address(page);
    link.textContent = text;
    if (link.href === here) link.setAttribute('aria-current', 'page');
    const item = document.createElement('li');
    item.append(link);
    return item;
  };

  const draw = (branch: Branch): HTMLLIElement => {
    const [name, page, below] = branch;
    if (below === undefined) return leaf(name, page);
    const fold = document.createElement('details');
    const summary = document.createElement('summary');
    const names = document.createElement('ul');
    summary.textContent = name;
    fold.append(summary, names);
    const unfold = (): void => {
      if (names.childElementCount === 0) names.append(leaf('Overview', page), ...below.map(draw));
    };
    fold.addEventListener('toggle', unfold);
    fold.open = holdsHere(branch);
    if (fold.open) unfold();
    const item = document.createElement('li');
    item.append(fold);
    return item;
  };

  list.replaceChildren(...branches.map(draw));
  const current = list.querySelector('[aria-current]');
  const scrolled = list.closest('.site-menu');
  if (current === null || scrolled === null) return;
  scrolled.scrollTop =
    current.getBoundingClientRect().top - scrolled.getBoundingClientRect().top - scrolled.clientHeight / 3;
}
