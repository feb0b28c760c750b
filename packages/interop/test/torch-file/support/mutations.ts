/** Seeded changes to the bytes of a file. */

/** Numbers from 0 up to, but without, a bound: the same for the same seed. */
export type Draw = (bound: number) => number;

export function draws(seed: number): Draw {
  let state = (seed * 0x9e3779b1) >>> 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Instructions that pickles are made of, and bytes on the edge of ranges. */
const telling = [...'(.0N\x88\x89JKMRX]abcehjqrstu}\x80\x81\x85\x86\x87\x8aQ\x93\x94\0\x01\x7f\xff'].map(
  (c) => c.charCodeAt(0),
);

function changed(bytes: Uint8Array, draw: Draw): Uint8Array {
  const at = draw(bytes.length);
  const out = bytes.slice();
  switch (draw(7)) {
    case 0:
      out[at] = (out[at] as number) ^ (1 << draw(8));
      return out;
    case 1:
      out[at] = draw(256);
      return out;
    case 2:
      out[at] = telling[draw(telling.length)] as number;
      return out;
    case 3:
      return bytes.slice(0, at);
    case 4: {
      const length = 1 + draw(16);
      return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
    }
    case 5: {
      const from = draw(bytes.length);
      const piece = bytes.subarray(from, from + 1 + draw(40));
      return Uint8Array.from([...bytes.subarray(0, at), ...piece, ...bytes.subarray(at)]);
    }
    default: {
      const from = draw(bytes.length);
      out.set(bytes.subarray(from, from + Math.min(1 + draw(8), bytes.length - at)), at);
      return out;
    }
  }
}

/** A file with one to three changes. */
export function mutated(bytes: Uint8Array, draw: Draw): Uint8Array {
  let out = bytes;
  for (let n = 1 + draw(3); n > 0 && out.length > 0; n--) out = changed(out, draw);
  return out;
}
