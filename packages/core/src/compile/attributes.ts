/** The attributes of an operation as text, but for what is no plain data. */
export function attributesAsText(attrs: unknown): string {
  // Of objects that have a JSON form, `value` is that already.
  function plain(this: Record<string, unknown>, key: string, value: unknown): unknown {
    const own = this[key];
    if (typeof own === 'number') return Number.isFinite(own) ? own : String(own);
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      return typeof own === 'bigint' ? null : value;
    return Object.getPrototypeOf(own) === Object.prototype ? value : null;
  }
  return JSON.stringify(attrs, plain) ?? '';
}
