/** The colours of pictures, as the theme has them now. */

export type Rgb = readonly [red: number, green: number, blue: number];

export interface Palette {
  /** Of the classes 0 and 1, and of where neither is likelier. */
  readonly low: Rgb;
  readonly high: Rgb;
  readonly middle: Rgb;
  readonly ink: Rgb;
  readonly line: string;
  readonly faint: string;
}

const variable = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function rgb(name: string): Rgb {
  const digits = /^#(..)(..)(..)$/.exec(variable(name));
  const part = (i: number): number => Number.parseInt(digits?.[i] ?? '80', 16);
  return [part(1), part(2), part(3)];
}

export const palette = (): Palette => ({
  low: rgb('--k-plane-low'),
  high: rgb('--k-plane-high'),
  middle: rgb('--k-plane-middle'),
  ink: rgb('--k-plane-line'),
  line: variable('--k-plane-line'),
  faint: variable('--k-plane-faint'),
});

export const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`;

/** Calls back where the theme changes from light to dark; what is returned ends that. */
export function onTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ['class'] });
  return () => observer.disconnect();
}
