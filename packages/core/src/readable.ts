/** What can be told of a value that may be anything: no question here throws. */

/** A test that says no where looking at the value throws, as it does at a revoked Proxy. Kindling's own. */
export const whereReadable =
  <T>(test: (x: unknown) => x is T) =>
  (x: unknown): x is T => {
    try {
      return test(x);
    } catch {
      return false;
    }
  };

/** Whether a value can be looked at: at a revoked Proxy that throws. Kindling's own. */
export const isReadable = /* @__PURE__ */ whereReadable(
  (x): x is unknown => x === undefined || x === null || Object.getPrototypeOf(x) !== undefined,
);

/** Whether something is an array; a revoked Proxy, of which JavaScript cannot tell, is none. Kindling's own. */
export function isArray(x: unknown): x is readonly unknown[] {
  try {
    return Array.isArray(x);
  } catch {
    return false;
  }
}

/**
 * Whether something is of one of JavaScript's classes, which every realm (a frame, a vm's context, each file of Jest's
 * tests) has of its own: `instanceof` would not know those of others. Kindling's own.
 */
export const isOf = <T>(name: string): ((x: unknown) => x is T) =>
  whereReadable((x): x is T => Object.prototype.toString.call(x) === `[object ${name}]`);

/** Whether something can be awaited: a promise of any library. Kindling's own. */
export const isPromise = /* @__PURE__ */ whereReadable(
  (x): x is Promise<unknown> =>
    typeof (x as Partial<Promise<unknown>> | null | undefined)?.then === 'function',
);

/**
 * Takes care of what is refused, where it is a promise: nobody waits for it, so that its failure later would end the
 * program, though the error of the refusal was caught. Kindling's own.
 */
export function disown(refused: unknown): void {
  Promise.resolve(refused).catch(() => {});
}

/** Whether something is an array of bytes. Kindling's own. */
export const isBytes = /* @__PURE__ */ isOf<Uint8Array>('Uint8Array');

/** Whether something is an ArrayBuffer. Kindling's own. */
export const isArrayBuffer = /* @__PURE__ */ isOf<ArrayBuffer>('ArrayBuffer');

/** Whether something is a Map. Kindling's own. */
export const isMap = /* @__PURE__ */ isOf<ReadonlyMap<string, never>>('Map');
