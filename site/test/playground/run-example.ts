/** Runs an example in Node, as the worker of the playground does: what it posts to its page is heard here. */
import { vi } from 'vitest';
import type { FromWorker } from '../../src/live/protocol.ts';
import type { Frame, Report, Request } from '../../src/page/protocol.ts';

export interface Run {
  readonly frames: readonly Frame[];
  say(request: Request): void;
  /** The first frame that is as asked for; an error where the program fails before. */
  until(suits: (frame: Frame) => boolean): Promise<Frame>;
}

const running: Run[] = [];

/** Holds all that runs: programs have no end of their own. */
export function holdAll(): void {
  for (const run of running.splice(0)) run.say({ kind: 'pause', paused: true });
}

export async function runExample(load: () => Promise<unknown>): Promise<Run> {
  // What was held may still post the frame that it was at.
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Each program has a page of its own, as each worker has.
  vi.resetModules();
  const frames: Frame[] = [];
  const waiting: { suits: (frame: Frame) => boolean; found: (frame: Frame) => void }[] = [];
  let fail = (_error: unknown): void => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const { deliver } = await import('../../src/live/page.ts');
  const run: Run = {
    frames,
    say: deliver,
    until(suits) {
      const already = frames.find(suits);
      const later = new Promise<Frame>((found) => waiting.push({ suits, found }));
      return already ? Promise.resolve(already) : Promise.race([later, failed]);
    },
  };
  vi.stubGlobal('self', {
    postMessage(message: FromWorker) {
      if (message.kind !== 'page') return;
      const report = message.message as Report;
      if (report.kind !== 'frame') return;
      frames.push(report.frame);
      run.say({ kind: 'seen' });
      for (const { suits, found } of waiting) if (suits(report.frame)) found(report.frame);
    },
  });
  load().catch(fail);
  running.push(run);
  return run;
}
