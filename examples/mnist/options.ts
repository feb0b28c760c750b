import { parseArgs } from 'node:util';
import { type Bounds, numberFlag, UsageError } from '../flags.ts';

export interface Options {
  readonly epochs: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly out: string;
  /** Whether the training step runs as a program. */
  readonly compile: boolean;
  /** Whether products use vectors of 256 bits, where that is to be had. */
  readonly wide: boolean;
}

const help = `Trains a 784-128-10 network on the full MNIST and reports how well it reads digits.

Usage: pnpm mnist [options]

  --epochs N      passes over the 60,000 training images (default 5)
  --lr X          Adam's first learning rate, which falls along half a cosine (default 0.001)
  --batch-size N  images a step (default 64)
  --seed N        seed of the weights and of the order of the images (default 0)
  --out DIR       where the pictures and the weights go (default out/mnist)
  --compile       run the training step as a compiled program: the same losses
  --wide          use vectors of 256 bits, where Node and the processor have them: the same losses
  --help          this text
`;

/** The options that the command line asks for; `null` where it asked for help, which was printed. */
export function readOptions(args: string[]): Options | null {
  const text = { type: 'string' } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = {
      epochs: text,
      lr: text,
      'batch-size': text,
      seed: text,
      out: text,
      compile: { type: 'boolean' },
      wide: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const;
    // pnpm passes the "--" between its own flags and the script's on to the script.
    ({ values } = parseArgs({ args: args.filter((a) => a !== '--'), options, allowPositionals: false }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nTry --help.`);
  }
  if (values.help === true) {
    process.stdout.write(help);
    return null;
  }
  const count = (flag: string, fallback: string, bounds: Bounds): number =>
    numberFlag(flag, (values[flag] as string | undefined) ?? fallback, bounds);
  return {
    epochs: count('epochs', '5', { integer: true, least: 1, most: 1000 }),
    lr: count('lr', '0.001', { integer: false, least: 0 }),
    batchSize: count('batch-size', '64', { integer: true, least: 1, most: 60_000 }),
    seed: count('seed', '0', { integer: true, least: 0, most: 2 ** 32 - 1 }),
    out: (values.out as string | undefined) ?? 'out/mnist',
    compile: values.compile === true,
    wide: values.wide === true,
  };
}
