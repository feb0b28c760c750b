import { type Options, type Params, Presets, SingleBar } from 'cli-progress';

/** What an epoch reports while it runs. */
export interface Progress {
  update(samples: number, loss: number, accuracy: number): void;
  stop(): void;
}

/** The parts of a line of progress, in order of importance. */
const partsOf = (loss: number, accuracy: number, perSecond: number, secondsLeft: number): string[] => [
  `${secondsLeft.toFixed(1)} s left`,
  `loss ${loss.toFixed(4)}`,
  `accuracy ${(100 * accuracy).toFixed(2)} %`,
  `${perSecond.toFixed(0)}/s`,
];

const leastBar = 6;
const mostBar = 40;

/** A line of at most `columns - 1` characters: what does not fit is left out from the end, and the bar takes what is over. */
export function progressLine(
  title: string,
  fraction: number,
  parts: readonly string[],
  columns: number,
  { barCompleteString = '', barIncompleteString = '' }: Options,
): string {
  const percentage = `${Math.floor(100 * fraction)}%`.padStart(5);
  const room = columns - 1 - title.length - 1 - percentage.length;
  let text = '';
  for (const part of parts) {
    if (text.length + 2 + part.length + leastBar > room) break;
    text += `  ${part}`;
  }
  const barsize = Math.max(0, Math.min(mostBar, room - text.length));
  const done = Math.round(fraction * barsize);
  const bar = barCompleteString.slice(0, done) + barIncompleteString.slice(0, barsize - done);
  return `${title} ${bar}${percentage}${text}`;
}

/** A live bar on a terminal; elsewhere a plain line at each fifth of the way. */
export function startProgress(epoch: number, epochs: number, total: number): Progress {
  const start = performance.now();
  const title = `epoch ${epoch}/${epochs}`;
  const partsAt = (samples: number, loss: number, accuracy: number): string[] => {
    const perSecond = samples / Math.max(1e-3, (performance.now() - start) / 1000);
    return partsOf(loss, accuracy, perSecond, (total - samples) / perSecond);
  };
  if (!process.stdout.isTTY) {
    let next = total / 5;
    return {
      update(samples, loss, accuracy) {
        if (samples < next) return;
        next += total / 5;
        console.log(`${title}: ${samples}/${total}, ${partsAt(samples, loss, accuracy).join(', ')}`);
      },
      stop() {},
    };
  }
  const bar = new SingleBar(
    {
      format: (options: Options, { progress }: Params, { parts }: { parts: string[] }) =>
        progressLine(title, progress, parts, process.stdout.columns || 80, options),
      barsize: mostBar,
      fps: 10,
      // A synchronous loop never lets a timer run.
      synchronousUpdate: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { parts: [] });
  return {
    update: (samples, loss, accuracy) => bar.update(samples, { parts: partsAt(samples, loss, accuracy) }),
    stop: () => bar.stop(),
  };
}
