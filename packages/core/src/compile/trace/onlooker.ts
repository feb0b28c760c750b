import type { GradNode } from '../../record/node.ts';
import type { Rerun, Tracer } from '../../record/observe.ts';
import type { Storage } from '../../storage.ts';
import type { Tensor } from '../../tensor.ts';

/** A tracer that lets everything pass: those that want something of it look at that. */
export abstract class Onlooker implements Tracer {
  readonly records: boolean = false;

  host<T>(run: () => T): T {
    return run();
  }

  checks(_what: string, check: () => void): void {
    check();
  }

  meets(_inputs: readonly Tensor[]): void {}
  ran(
    _name: string,
    _inputs: readonly Tensor[],
    _attrs: unknown,
    _outputs: readonly Tensor[],
    _rerun: Rerun | null,
  ): void {}
  read(_x: Tensor, _reason: string): void {}
  decides(_flag: Tensor, _what: string): void {}
  gradientMatters(_leaf: Tensor, _replaced?: boolean): void {}
  goesBack(_node: GradNode): void {}
  madeStorage(_storage: Storage): void {}
  assumes(_what: string | (() => string), _holds: () => boolean, _seldom: boolean): void {}
  sets(_of: object, _read: () => unknown, _write: (value: unknown) => void): void {}
  guards(_what: string, _read: () => readonly unknown[]): void {}
  names(_x: Tensor, _name: string): void {}
  refuses(_reason: string): void {}
  divides(): void {}
  postpone(_reason: string, make: () => Tensor): Tensor {
    return make();
  }
}
