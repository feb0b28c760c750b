import { checkArguments, K } from '../arguments/index.ts';
import { ValueError } from '../errors.ts';

/** How tensors are printed: the names and meanings of `torch.set_printoptions`. */
export interface PrintOptions {
  /** Digits after the decimal point. Default: 4. */
  readonly precision: number;
  /** Tensors of more elements than this are summarised. Default: 1000. */
  readonly threshold: number;
  /** Elements shown at each end of a summarised dimension. Default: 3. */
  readonly edgeitems: number;
  /** Characters in a line. Default: 80. */
  readonly linewidth: number;
  /** Scientific notation: always, never, or (null) where the numbers call for it. Default: null. */
  readonly sciMode: boolean | null;
}

type SettablePrintOptions = Partial<PrintOptions> & { readonly profile?: PrintProfile };

type PrintProfile = 'default' | 'short' | 'full';

const profiles: Record<PrintProfile, Omit<PrintOptions, 'sciMode'>> = {
  default: { precision: 4, threshold: 1000, edgeitems: 3, linewidth: 80 },
  short: { precision: 2, threshold: 1000, edgeitems: 2, linewidth: 80 },
  full: { precision: 4, threshold: Number.POSITIVE_INFINITY, edgeitems: 3, linewidth: 80 },
};

const printOptions = K.options<SettablePrintOptions>({
  profile: K.oneOf('default', 'short', 'full'),
  precision: K.number,
  threshold: K.number,
  edgeitems: K.number,
  linewidth: K.number,
  sciMode: K.nullable(K.flag),
});

let current: PrintOptions = { ...profiles.default, sciMode: null };

/**
 * The options in force. Follows `torch._tensor_str.get_printoptions`.
 * @example getPrintOptions().precision; // 4
 */
export function getPrintOptions(): PrintOptions {
  return current;
}

/**
 * Changes how tensors are printed from now on. Follows `torch.set_printoptions`: a `profile` is applied first, then the
 * single options; `sciMode` returns to automatic unless it is given.
 * @throws ValueError where the profile is unknown, or a number is not one of digits, elements or characters
 * @example
 * ```ts
 * setPrintOptions({ precision: 2 });
 * tensor([1.12345]); // tensor([1.12])
 * setPrintOptions({ profile: 'default' });
 * ```
 */
export function setPrintOptions(options: SettablePrintOptions): void {
  if (!K.isOptions(options))
    checkArguments('setPrintOptions', { options: K.kind('an options object', K.isOptions) }, arguments);
  checkArguments('setPrintOptions', { options: printOptions }, arguments);
  const { profile, ...single } = options;
  const next = { ...current, ...(profile && profiles[profile]), sciMode: null, ...single };
  const { precision, edgeitems, linewidth, threshold } = next;
  if (!(Number.isInteger(precision) && precision >= 0 && precision <= 100)) {
    throw new ValueError(`setPrintOptions: precision must be an integer from 0 to 100, got ${precision}`);
  }
  if (!(Number.isInteger(edgeitems) && edgeitems >= 0)) {
    throw new ValueError(`setPrintOptions: edgeitems must be an integer of 0 or more, got ${edgeitems}`);
  }
  if (!(threshold >= 0) || !(linewidth >= 0)) {
    throw new ValueError(
      `setPrintOptions: threshold and linewidth must be 0 or more, got ${threshold} and ${linewidth}`,
    );
  }
  current = next;
}
