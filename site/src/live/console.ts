/** A console whose lines are sent to the page, printed as Node prints them. */
import { formatWithOptions } from 'node-inspect-extracted';
import type { Level, LogLine } from './protocol.ts';

/** Lines a program may print; a loop without end would fill the page. */
const mostLines = 2000;
const sendEvery = 40;

const seconds = (since: number) => `${(performance.now() - since).toFixed(3)}ms`;

export class PageConsole {
  /** Whether lines are of interest. */
  open = true;
  private lines: LogLine[] = [];
  private printed = 0;
  private sent = 0;
  private readonly timers = new Map<string, number>();
  private readonly send: (lines: readonly LogLine[]) => void;

  constructor(send: (lines: readonly LogLine[]) => void) {
    this.send = send;
  }

  flush(): void {
    if (this.lines.length > 0) this.send(this.lines);
    this.lines = [];
    this.sent = performance.now();
  }

  private print(level: Level, values: readonly unknown[]): void {
    if (!this.open || this.printed > mostLines) return;
    this.printed += 1;
    const text =
      this.printed > mostLines
        ? `Printed ${mostLines} lines; the rest is left out.`
        : formatWithOptions({}, ...values);
    this.lines.push({ level, text });
    // A synchronous loop lets no timer run: what it prints is sent from inside of it.
    if (performance.now() - this.sent > sendEvery) this.flush();
  }

  readonly log = (...values: unknown[]): void => this.print('log', values);
  readonly debug = (...values: unknown[]): void => this.print('log', values);
  readonly info = (...values: unknown[]): void => this.print('info', values);
  readonly warn = (...values: unknown[]): void => this.print('warn', values);
  readonly error = (...values: unknown[]): void => this.print('error', values);
  readonly table = (...values: unknown[]): void => this.print('log', values);
  readonly dir = (value: unknown): void => this.print('log', [value]);
  readonly assert = (condition: unknown, ...values: unknown[]): void => {
    if (!condition) this.print('error', ['Assertion failed:', ...values]);
  };
  readonly time = (label = 'default'): void => {
    this.timers.set(label, performance.now());
  };
  readonly timeEnd = (label = 'default'): void => {
    this.print('log', [`${label}: ${seconds(this.timers.get(label) ?? performance.now())}`]);
  };
}
