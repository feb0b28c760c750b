import type { FunctionBuilder } from '../wasm/index.ts';
import { shiftOf } from './access.ts';
import { FixedLoops, type FixedSizes } from './fixed-loops.ts';
import type { Program } from './lower.ts';
import { inputAt, type KernelSpec, type OutputSpec } from './spec.ts';

/** How the values of one result are added up. */
export interface RowSum {
  /** The function that adds up elements of a row, as `AddedUp.callee` says. */
  readonly callee: number;
  /** Pushes the address of what holds a stretch of values. */
  pushValues(): void;
  /** Pushes the address of the number for the first row. */
  pushResult(): void;
}

/** Bytes of the number of a row. */
const resultBytes = 8;

/** Writes the loops of a kernel over sizes that are known; with `sums`, those of its results. */
export function emitElementwise(
  f: FunctionBuilder,
  spec: KernelSpec,
  program: Program<OutputSpec>,
  scalars: ReadonlyMap<string, number>,
  sizes: FixedSizes,
  sums: readonly RowSum[],
): void {
  if (sums.length === 0) {
    new FixedLoops(f, spec, program, scalars).emitFixed(sizes);
    return;
  }
  const all = program.outputs.map(
    (output, i): Summed => ({
      ...(sums[i] as RowSum),
      // Where the values of a stretch lie, less where the stretch begins.
      output: { ...output, base: 0, shift: f.local('i32') },
      operand: operandOf(spec, output),
    }),
  );
  const outputs = all.flatMap(({ output, operand }) => (operand === null ? output : []));
  new SummedLoops(f, spec, { ...program, outputs }, scalars).emitSums(sizes, all);
}

type Output = Program<OutputSpec>['outputs'][number];

/** A result that is added up: values of its own, or an operand where it lies. */
interface Summed extends RowSum {
  readonly output: Output & { readonly shift: number };
  readonly operand: ReturnType<typeof operandOf>;
}

/** The operand that a result is, element for element and as it lies, so that it can be added up there. */
function operandOf(spec: KernelSpec, { node, stored }: Output) {
  const operand = node.op === 'input' ? inputAt(spec, node.attribute) : null;
  return operand?.mode === 'dense' && operand.stored === stored ? operand : null;
}

/** Elements of a stretch: as sums of rows are made up of blocks of so many. */
export const STRETCH = 4096;

/**
 * Loops whose values are added up row by row: a stretch of a row is worked out, and added up while it is still in the
 * nearest cache. What is no more than an operand is added up where it lies.
 */
class SummedLoops extends FixedLoops {
  emitSums(sizes: FixedSizes, sums: readonly Summed[]): void {
    const { inner } = sizes;
    const { f, start, row } = this;
    if (this.callsForAll) this.settle();
    const begun = f.local('i32');
    const pushStart = (stored: Output['stored']) => f.get(start).i32Const(shiftOf[stored]).op('i32.shl');
    const stretch = (elements: number): void => {
      for (const { output, operand, pushValues } of sums) {
        if (operand !== null) continue;
        pushValues();
        pushStart(output.stored).op('i32.sub').set(output.shift);
      }
      if (this.program.outputs.length > 0) this.emitStretch(sizes, elements);
      for (const { operand, callee, pushValues, pushResult } of sums) {
        f.i32Const(1).i32Const(elements);
        if (operand === null) pushValues();
        else {
          this.pushShift(operand.shift);
          f.i32Const(operand.base).op('i32.add');
          pushStart(operand.stored).op('i32.add');
        }
        pushResult();
        f.get(row).i32Const(resultBytes).op('i32.mul').op('i32.add');
        f.i32Const(0).get(begun).call(callee);
      }
      f.i32Const(1).set(begun);
      this.goOn(elements);
    };
    this.eachRow(sizes, () => {
      f.i32Const(0).set(begun);
      const whole = Math.floor(inner / STRETCH);
      if (whole > 0) {
        const left = f.local('i32');
        f.i32Const(whole).set(left);
        f.countdown(left, 1, () => stretch(STRETCH));
      }
      if (inner % STRETCH > 0) stretch(inner % STRETCH);
    });
  }
}
