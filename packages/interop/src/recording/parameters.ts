/** The parameters of a function as they are written, defaults and all, by its text. */
export function parametersAsWritten(f: unknown): string[] {
  const source = String(f).replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '');
  const single = /^\s*(?:async\s+)?([\w$]+)\s*=>/.exec(source)?.[1];
  if (single !== undefined) return [single];
  const parts = [''];
  let depth = 0;
  for (const c of source.slice(source.indexOf('(') + 1)) {
    if (depth === 0 && c === ')') break;
    if ('([{'.includes(c)) depth++;
    if (')]}'.includes(c)) depth--;
    if (depth === 0 && c === ',') parts.push('');
    else parts[parts.length - 1] += c;
  }
  return parts;
}
