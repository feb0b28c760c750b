/** Which known name may have been meant by an unknown one. */

const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** `learningRate` and `learning_rate` as `lr`. */
function initials(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').split(/[^A-Za-z0-9]+/);
  return words.map((word) => word.charAt(0).toLowerCase()).join('');
}

/** The least number of letters put in, left out, changed or swapped with their neighbour between two words. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** Names longer than any option's are not compared. */
const LONGEST = 40;

/**
 * The name of `known` that is written almost as `name`, or for which `name` stands in another form; `null` if there is
 * none.
 */
export function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > LONGEST) return null;
  const target = bare(name);
  for (const k of known) if (bare(k) === target) return k;
  for (const k of known) if (k.length > 1 && (initials(name) === bare(k) || initials(k) === target)) return k;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(target.length / 3)) + 1;
  for (const k of known) {
    const d = distance(target, bare(k));
    if (d < least && d < bare(k).length) [best, least] = [k, d];
  }
  return best;
}
