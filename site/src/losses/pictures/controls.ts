/** What can be set of a picture: numbers, words, yes or no. */

/** A number that a slider sets. */
export interface Slider {
  readonly kind: 'slider';
  readonly label: string;
  readonly value: number;
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/** One of a few words. */
interface Choice<T extends string = string> {
  readonly kind: 'choice';
  readonly label: string;
  readonly value: T;
  readonly options: readonly T[];
}

/** Yes or no. */
interface Switch {
  readonly kind: 'switch';
  readonly label: string;
  readonly value: boolean;
}

export type Control = Slider | Choice | Switch;
export type Controls = Readonly<Record<string, Control>>;

type Value<C> = C extends Slider ? number : C extends Choice<infer T> ? T : boolean;
/** What the controls say. */
export type Settings<C extends Controls = Controls> = { readonly [K in keyof C]: Value<C[K]> };

export const slider = (label: string, value: number, from: number, to: number, step: number): Slider => ({
  kind: 'slider',
  label,
  value,
  from,
  to,
  step,
});
export const choice = <const T extends string>(label: string, options: readonly [T, ...T[]]): Choice<T> => ({
  kind: 'choice',
  label,
  value: options[0],
  options,
});
export const toggle = (label: string, value = false): Switch => ({ kind: 'switch', label, value });

/** What the controls say before anybody touched them. */
export const initial = (controls: Controls): Settings =>
  Object.fromEntries(Object.entries(controls).map(([name, { value }]) => [name, value]));
