/** Zeros without end, and how many walks through them are open. */
export function endless(): { readonly zeros: Iterable<number>; open(): number } {
  let open = 0;
  const zeros = {
    *[Symbol.iterator]() {
      open++;
      try {
        for (;;) yield 0;
      } finally {
        open--;
      }
    },
  };
  return { zeros, open: () => open };
}
