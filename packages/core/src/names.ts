/** Names as TypeScript and as Python write them. */

/** A name as TypeScript writes it: `negative_slope` as `negativeSlope`. Kindling's own. */
export const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, first: string) => first.toUpperCase());

/** A name as Python writes it: `negativeSlope` as `negative_slope`. Kindling's own. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
