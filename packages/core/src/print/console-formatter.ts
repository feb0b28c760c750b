import { refuseExcess } from '../arguments/index.ts';

/**
 * Browser consoles know nothing of Node's way to print an object; Chromium's ask the formatters that a page has listed.
 */
const inspect = Symbol.for('nodejs.util.inspect.custom');

type JsonML = readonly [tag: string, attributes: Readonly<Record<string, unknown>>, ...children: unknown[]];

/** What Chromium's consoles call; null leaves a value to the console. */
interface ConsoleFormatter {
  header(value: unknown, config?: unknown): JsonML | null;
  hasBody(value: unknown): boolean;
  body(value: unknown): JsonML;
}

/** Marks the view of a value's own properties that opening it shows. */
const raw = { raw: true };

/** The text that Node's console would show for a value that says so itself, as tensors, modules and optimizers do. */
function textOf(value: unknown): string | null {
  try {
    const text: unknown = (value as { [inspect]?: () => unknown } | null | undefined)?.[inspect]?.();
    return typeof text === 'string' ? text : null;
  } catch {
    // A prototype has the method and nothing to show by it.
    return null;
  }
}

const formatter: ConsoleFormatter = {
  header(value, config) {
    const text = config === raw ? null : textOf(value);
    return text === null ? null : ['span', { style: 'white-space: pre; font-family: monospace' }, text];
  },
  hasBody: () => true,
  body: (value) => ['div', {}, ['object', { object: value, config: raw }]],
};

/**
 * Lets `console.log(x)` show tensors, modules and optimizers as text in the consoles of Chrome, Edge and their kin,
 * where "Custom formatters" is ticked in the settings of the developer tools; opening one shows the object. Elsewhere
 * `console.log(String(x))` does. Kindling's own; Node, Deno and Bun need nothing.
 * @example
 * ```ts
 * // Once, while the page loads.
 * installConsoleFormatter();
 * ```
 */
export function installConsoleFormatter(): void {
  if (arguments.length > 0) refuseExcess('installConsoleFormatter', [], arguments);
  const page = globalThis as { devtoolsFormatters?: ConsoleFormatter[] };
  page.devtoolsFormatters ??= [];
  if (!page.devtoolsFormatters.includes(formatter)) page.devtoolsFormatters.push(formatter);
}
