import { ValueError } from '../errors.ts';

/**
 * The keys of the outermost object of a valid JSON text, in the order of the text. Throws a {@link ValueError} where an
 * object, at whatever depth, holds a key twice: `JSON.parse` would silently keep the last.
 */
export function uniqueKeys(text: string, where: string): string[] {
  const outermost: string[] = [];
  /** The keys seen in each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let lastString = '';
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '{':
        open.push(new Set());
        break;
      case '[':
        open.push(null);
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case '"': {
        const start = i;
        for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++;
        lastString = text.slice(start, i + 1);
        break;
      }
      case ':': {
        const key = JSON.parse(lastString) as string;
        const keys = open.at(-1);
        if (keys?.has(key))
          throw new ValueError(`${where}: the header holds the key ${JSON.stringify(key)} twice`);
        keys?.add(key);
        if (open.length === 1) outermost.push(key);
      }
    }
  }
  return outermost;
}
