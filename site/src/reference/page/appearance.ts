/**
 * Gives a page of the reference the site's appearance before it is drawn: VitePress' setting, which both keep in the
 * same place. A plain script, run while the page loads.
 */
{
  const key = 'vitepress-theme-appearance';
  const system = matchMedia('(prefers-color-scheme: dark)');

  const apply = (): void => {
    const chosen = localStorage.getItem(key);
    const dark = chosen === 'dark' || (chosen !== 'light' && system.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    document.documentElement.classList.toggle('dark', dark);
    document.querySelector('.k-appearance')?.setAttribute('aria-pressed', String(dark));
  };

  apply();
  system.addEventListener('change', apply);
  addEventListener('storage', apply);
  document.addEventListener('DOMContentLoaded', () => {
    apply();
    document.querySelector('.k-appearance')?.addEventListener('click', () => {
      const dark = document.documentElement.classList.contains('dark');
      localStorage.setItem(key, dark ? 'light' : 'dark');
      apply();
    });
  });
}
