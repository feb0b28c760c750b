/** How WebAssembly writes numbers, names and value types. */

/** The types of values on the stack, and of locals. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** The lanes of numbers with a fraction. */
export type FloatLane = 'f32' | 'f64';

/** The bytes that stand for value types. */
export const VALUE_TYPES: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

/** Appends an unsigned LEB128 integer. */
export function writeUnsigned(out: number[], value: number): void {
  let rest = value >>> 0;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
}

/** Appends a signed LEB128 integer of 32 bits. */
export function writeSigned(out: number[], value: number): void {
  let rest = value | 0;
  while (rest < -0x40 || rest > 0x3f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  out.push(rest & 0x7f);
}

/** Appends bytes. */
export function writeBytes(out: number[], bytes: ArrayLike<number>): void {
  for (let i = 0; i < bytes.length; i++) out.push(bytes[i] ?? 0);
}

/** A name: its length, then its (ASCII) bytes. */
export const nameBytes = (name: string): number[] => [
  ...unsigned(name.length),
  ...Array.from(name, (c) => c.charCodeAt(0) & 0x7f),
];

/** The bytes of an unsigned LEB128 integer. */
export function unsigned(value: number): number[] {
  const out: number[] = [];
  writeUnsigned(out, value);
  return out;
}
