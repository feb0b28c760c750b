import { type Options, type Params, Presets, SingleBar } from 'cli-progress';

/** What a stretch of work reports while it runs. */
export interface Progress {
  /** So much is done; `parts` say what came of it, in order of importance. */
  update(done: number, parts: readonly string[]): void;
  stop(): void;
}

const leastBar = 6;
const mostBar = 40;

/**
 * A line of at most `columns - 1` characters: what does not fit is left out from the end, and the bar takes what is
 * over.
 */
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

/** A live bar on a terminal, with the time left and the pace; elsewhere a plain line at each fifth of the way. */
export function startProgress(title: string, total: number): Progress {
  const start = performance.now();
  const partsAt = (done: number, parts: readonly string[]): string[] => {
    const perSecond = done / Math.max(1e-3, (performance.now() - start) / 1000);
    const left = `${((total - done) / perSecond).toFixed(1)} s left`;
    return [left, ...parts, `${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`];
  };
  if (!process.stdout.isTTY) {
    let next = total / 5;
    return {
      update(done, parts) {
        if (done < next) return;
        next += total / 5;
        console.log(`${title}: ${done}/${total}, ${partsAt(done, parts).join(', ')}`);
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
      // Ctrl-C ends a synchronous loop at once: nothing could put back a hidden cursor or lines that are cut off.
      hideCursor: false,
      linewrap: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { parts: [] });
  return {
    update: (done, parts) => bar.update(done, { parts: partsAt(done, parts) }),
    stop: () => bar.stop(),
  };
}
