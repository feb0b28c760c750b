/** A right call with one argument, one item of a list or one option that does not belong. */
import { type Call, run } from './call.ts';
import { oddValues } from './odd-values.ts';

export interface Attempt {
  /** Which argument is odd, and how: `1.dim: NaN`. */
  readonly what: string;
  readonly args: () => unknown[];
}

const isPlain = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && Object.getPrototypeOf(x) === Object.prototype;

/** The names of the options that stand at a place: those given, and those that the error for an unknown one lists. */
export function optionsAt(call: Call, at: number): string[] {
  const args = call.args();
  const options = args[at];
  const known = isPlain(options) ? Object.keys(options) : [];
  args[at] = { ...(isPlain(options) ? options : {}), zebra: 1 };
  try {
    const result = run(call, args);
    // What is asynchronous may refuse later.
    if (result instanceof Promise) result.catch(() => {});
  } catch (error) {
    const listed = / it takes \{ ([^}]*) \}/.exec((error as Error).message)?.[1];
    if (listed !== undefined) known.push(...listed.split(', '));
  }
  return [...new Set(known)];
}

/** The right arguments, in which `change` puts something at a place. */
const changed = (call: Call, at: number, change: (present: unknown) => unknown) => (): unknown[] => {
  const args = call.args();
  args[at] = change(args[at]);
  return args;
};

/** Every attempt of a call: each argument alone, and two that may have been left out; also where there are none. */
export function* attempts(call: Call): Generator<Attempt> {
  const { length } = call.args();
  for (let at = 0; at < length + 2; at++) {
    const right = call.args()[at];
    for (const [kind, make] of Object.entries(oddValues)) {
      yield { what: `${at}: ${kind}`, args: changed(call, at, make) };
      if (Array.isArray(right) && right.length > 0)
        yield {
          what: `${at}[0]: ${kind}`,
          args: changed(call, at, (list) => [make(), ...(list as unknown[]).slice(1)]),
        };
    }
    for (const option of optionsAt(call, at)) {
      for (const [kind, make] of Object.entries(oddValues))
        yield {
          what: `${at}.${option}: ${kind}`,
          args: changed(call, at, (options) => ({ ...(options as object), [option]: make() })),
        };
      const near = `${option.slice(0, -1)}${option.at(-1) === 'e' ? 'a' : 'e'}`;
      yield {
        what: `${at}.${near}: an unknown option`,
        args: changed(call, at, (options) => ({ ...(options as object), [near]: 1 })),
      };
    }
  }
}
