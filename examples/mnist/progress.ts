import { Presets, SingleBar } from 'cli-progress';

/** What an epoch reports while it runs. */
export interface Progress {
  update(samples: number, loss: number, accuracy: number): void;
  stop(): void;
}

const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;

/** A live bar on a terminal; elsewhere a plain line at each fifth of the way. */
export function startProgress(epoch: number, epochs: number, total: number): Progress {
  const start = performance.now();
  const rate = (samples: number): number => samples / Math.max(1e-3, (performance.now() - start) / 1000);
  const title = `epoch ${epoch}/${epochs}`;
  if (!process.stdout.isTTY) {
    let next = total / 5;
    return {
      update(samples, loss, accuracy) {
        if (samples < next) return;
        next += total / 5;
        const perSecond = rate(samples);
        const left = ((total - samples) / perSecond).toFixed(1);
        console.log(
          `${title}: ${samples}/${total}, loss ${loss.toFixed(4)}, accuracy ${percent(accuracy)}, ` +
            `${perSecond.toFixed(0)} samples/s, ${left} s left`,
        );
      },
      stop() {},
    };
  }
  const bar = new SingleBar(
    {
      format: `${title} {bar} {percentage}% | loss {loss} | accuracy {accuracy} | {rate} samples/s | {left} s left`,
      fps: 10,
      // A synchronous loop never lets a timer run.
      synchronousUpdate: true,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { loss: '-', accuracy: '-', rate: '-', left: '-' });
  return {
    update(samples, loss, accuracy) {
      const perSecond = rate(samples);
      bar.update(samples, {
        loss: loss.toFixed(4),
        accuracy: percent(accuracy),
        rate: perSecond.toFixed(0),
        left: ((total - samples) / perSecond).toFixed(1),
      });
    },
    stop: () => bar.stop(),
  };
}
