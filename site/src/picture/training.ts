/**
 * A training that the page shows. A program that is edited starts beside the one that runs, and takes its place with
 * its first frame: one that fails before that changes nothing.
 */
import { computed, onBeforeUnmount, type Ref, ref, type ShallowRef, shallowRef } from 'vue';
import type { Failure, LogLine } from '../live/protocol.ts';
import { type Program, type Running, start } from '../live/run.ts';
import type { Frame, Point, Report, Request } from '../page/protocol.ts';

export type State = 'idle' | 'starting' | 'running' | 'paused' | 'ended' | 'failed';

export interface Training {
  readonly state: Ref<State>;
  readonly frame: ShallowRef<Frame | undefined>;
  /** The name of the set of points, and the points as they lie. */
  readonly set: Ref<string>;
  readonly points: ShallowRef<readonly Point[]>;
  /** Whether the points are other than those of the set. */
  readonly moved: Ref<boolean>;
  readonly lines: Ref<LogLine[]>;
  /** What ended the program that was started last, or kept it from starting. */
  readonly failure: ShallowRef<Failure | undefined>;
  /** Whether a program goes on although the one that was started last failed. */
  readonly goesOn: Readonly<Ref<boolean>>;
  start(program: Program, worker?: Worker): void;
  stop(): void;
  pause(paused: boolean): void;
  /** Holds it while nobody looks, without a word. */
  rest(resting: boolean): void;
  step(): void;
  rate(stepsPerSecond: number): void;
  place(points: readonly Point[]): void;
  /** Takes points that come with a program, as in a link that was shared. */
  preset(set: string, points: readonly Point[] | undefined): void;
  drawing(pixels: Float32Array): void;
  /** Forgets what was seen and moved. */
  reset(): void;
}

/** A program that goes on after what a page cannot see is none that a reader waits for. */
const patience = 20_000;

const samePoints = (a: readonly Point[], b: readonly Point[]): boolean =>
  a.length === b.length &&
  a.every(({ x, y, label }, i) => x === b[i]?.x && y === b[i]?.y && label === b[i]?.label);

/** It is about to start: pages start what they show when they open, or stop it. */
export function useTraining(initialSet: string, initialPoints: readonly Point[]): Training {
  const state = ref<State>('starting');
  const frame = shallowRef<Frame>();
  const set = ref(initialSet);
  const points = shallowRef<readonly Point[]>(initialPoints);
  const moved = ref(false);
  const lines = ref<LogLine[]>([]);
  const failure = shallowRef<Failure>();
  let current: Running | undefined;
  let candidate: Running | undefined;
  let limit: ReturnType<typeof setTimeout> | undefined;
  let resting = false;
  let speed = 0;
  let drawn: Float32Array | undefined;

  const say = (request: Request): void => {
    current?.post(request);
    candidate?.post(request);
  };
  const holdOrGo = (): void => say({ kind: 'pause', paused: resting || state.value === 'paused' });

  function dropCandidate(): void {
    clearTimeout(limit);
    candidate?.stop();
    candidate = undefined;
  }

  function begin(program: Program, worker?: Worker): void {
    dropCandidate();
    failure.value = undefined;
    if (!current) state.value = 'starting';
    const log: LogLine[] = [];
    let itsPoints: Extract<Report, { kind: 'points' }> | undefined;

    const takePoints = (report: Extract<Report, { kind: 'points' }>): void => {
      if (set.value !== report.set) moved.value = false;
      set.value = report.set;
      // A page shows the points of its first program from the start: that they are those need not be drawn.
      if (!samePoints(points.value, report.points)) points.value = report.points;
    };
    const promote = (): void => {
      clearTimeout(limit);
      current?.stop();
      current = running;
      candidate = undefined;
      state.value = 'running';
      lines.value = log;
      if (itsPoints) takePoints(itsPoints);
      if (resting) holdOrGo();
    };
    const running = start(
      program,
      {
        onLog(more) {
          (running === current ? lines.value : log).push(...more);
        },
        onPage(message) {
          const report = message as Report;
          if (report.kind === 'points') {
            itsPoints = report;
            if (running === current) takePoints(report);
            return;
          }
          if (running === candidate) promote();
          if (running !== current) return;
          frame.value = report.frame;
          requestAnimationFrame(() => running.post({ kind: 'seen' } satisfies Request));
        },
        onFailed(problem) {
          if (running !== candidate && running !== current) return;
          failure.value = problem;
          if (!current || running === current) {
            lines.value = running === current ? lines.value : log;
            state.value = 'failed';
            running.stop();
            current = undefined;
          }
          if (running === candidate) dropCandidate();
        },
        onDone() {
          if (running === candidate) promote();
          if (running !== current) return;
          state.value = 'ended';
        },
      },
      worker,
    );
    candidate = running;
    if (moved.value) running.post({ kind: 'points', set: set.value, points: points.value } satisfies Request);
    if (drawn) running.post({ kind: 'drawing', pixels: drawn } satisfies Request);
    if (speed > 0) running.post({ kind: 'rate', stepsPerSecond: speed } satisfies Request);
    limit = setTimeout(() => {
      if (running !== candidate) return;
      failure.value = {
        name: 'Waited',
        message: 'the program has shown nothing for 20 seconds; does it await show(...)?',
      };
      if (!current) state.value = 'failed';
      dropCandidate();
    }, patience);
  }

  function stop(): void {
    dropCandidate();
    current?.stop();
    current = undefined;
    state.value = 'idle';
  }
  onBeforeUnmount(stop);

  return {
    state,
    frame,
    set,
    points,
    moved,
    lines,
    failure,
    goesOn: computed(
      () => failure.value !== undefined && (state.value === 'running' || state.value === 'paused'),
    ),
    start: begin,
    stop,
    pause(paused) {
      if (state.value !== 'running' && state.value !== 'paused') return;
      state.value = paused ? 'paused' : 'running';
      holdOrGo();
    },
    rest(now) {
      if (resting === now) return;
      resting = now;
      holdOrGo();
    },
    step() {
      if (state.value === 'running') state.value = 'paused';
      holdOrGo();
      say({ kind: 'step' });
    },
    rate(stepsPerSecond) {
      speed = stepsPerSecond;
      say({ kind: 'rate', stepsPerSecond });
    },
    place(next) {
      points.value = next;
      moved.value = true;
      say({ kind: 'points', set: set.value, points: next });
    },
    preset(name, given) {
      set.value = name;
      moved.value = given !== undefined;
      if (given) points.value = given;
    },
    drawing(pixels) {
      drawn = pixels;
      say({ kind: 'drawing', pixels });
    },
    reset() {
      frame.value = undefined;
      failure.value = undefined;
      lines.value = [];
      moved.value = false;
    },
  };
}
