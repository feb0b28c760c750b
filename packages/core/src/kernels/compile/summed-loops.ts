import type { GroupedSum } from '../recording/index.ts';
import { type FunctionBuilder, range } from '../wasm/index.ts';
import { shiftOf } from './access.ts';
import { FixedLoops, type FixedSizes } from './fixed-loops.ts';
import { isCall } from './loops.ts';
import type { Program } from './lower.ts';
import { inputAt, type KernelSpec, type OutputSpec } from './spec.ts';

/** How the values of one result are added up. */
export interface RowSum {
  /** In place of the function, where that goes well. */
  readonly grouped?: GroupedSum;
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
    const { f } = this;
    if (this.callsForAll) this.settle();
    const begun = f.local('i32');
    const stretch = (elements: number): void => {
      const grouped = this.groupedOf(sums, elements);
      if (grouped === null) this.emitStored(sizes, elements, sums, begun);
      else this.emitGrouped(sizes, elements, sums, grouped, begun);
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

  /** How each of the sums is made of values that are nowhere; `null` where one cannot. */
  private groupedOf(sums: readonly Summed[], elements: number): readonly GroupedSum[] | null {
    if (this.program.nodes.some(isCall)) return null;
    const grouped = sums.flatMap(({ grouped }) => grouped ?? []);
    const fit = grouped.filter(({ least }) => elements >= least && elements % this.lanes === 0);
    return fit.length === sums.length ? fit : null;
  }

  private pushStart(stored: Output['stored']): FunctionBuilder {
    return this.f.get(this.start).i32Const(shiftOf[stored]).op('i32.shl');
  }

  private pushResult({ pushResult }: Summed): FunctionBuilder {
    pushResult();
    return this.f.get(this.row).i32Const(resultBytes).op('i32.mul').op('i32.add');
  }

  /** The values of a stretch are stored, and then added up. */
  private emitStored(sizes: FixedSizes, elements: number, sums: readonly Summed[], begun: number): void {
    const { f } = this;
    for (const { output, operand, pushValues } of sums) {
      if (operand !== null) continue;
      pushValues();
      this.pushStart(output.stored).op('i32.sub').set(output.shift);
    }
    if (this.program.outputs.length > 0) this.emitStretch(sizes, elements);
    for (const sum of sums) {
      const { operand, callee, pushValues } = sum;
      f.i32Const(1).i32Const(elements);
      if (operand === null) pushValues();
      else {
        this.pushShift(operand.shift);
        f.i32Const(operand.base).op('i32.add');
        this.pushStart(operand.stored).op('i32.add');
      }
      this.pushResult(sum);
      f.i32Const(0).get(begun).call(callee);
    }
  }

  /** They are added up as they come about, and where that goes wrong once more by {@link emitStored}. */
  private emitGrouped(
    sizes: FixedSizes,
    elements: number,
    sums: readonly Summed[],
    grouped: readonly GroupedSum[],
    begun: number,
  ): void {
    const { f, lanes } = this;
    const all = sums.map((sum, i) => ({
      sum,
      by: grouped[i] as GroupedSum,
      pair: [f.local('v128'), f.local('v128')] as const,
    }));
    const group = Math.max(...grouped.map(({ group }) => group));
    const vectors = (copies: readonly number[]): void => {
      this.addresses.clear();
      for (const { sum, by, pair } of all)
        by.add(
          f,
          pair,
          copies,
          (copy) => {
            this.copy = copy;
            this.forgetElements();
            this.push(sum.output.node);
          },
          this.spare,
        );
      this.forgetElements();
    };
    for (const { by, pair } of all) by.begin(f, pair);
    const before = [...this.rowPosition.values()].map((local) => [local, f.local('i32')] as const);
    for (const [local, kept] of before) f.get(local).set(kept);
    this.beginStretch();
    const left = f.local('i32');
    f.i32Const(Math.floor(elements / (group * lanes))).set(left);
    f.countdown(left, 1, () => {
      vectors(range(group));
      this.advance(group);
    });
    for (const copy of range(Math.floor(elements / lanes) % group)) vectors([copy]);
    all.forEach(({ by, pair }, i) => {
      by.finish(f, pair);
      if (i > 0) f.op('i32.and');
    });
    f.if();
    for (const { sum, pair } of all) {
      const total = pair[0];
      // Of nothing the sum is 0, which -0 added to it is too.
      f.get(begun).if();
      this.pushResult(sum).load('v128.load64_zero').get(total).op('f64x2.add').set(total);
      f.else();
      f.splat('f64', 0).get(total).op('f64x2.add').set(total).end();
      this.pushResult(sum).get(total).accessLane('v128.store64_lane', 0);
    }
    f.else();
    for (const [local, kept] of before) f.get(kept).set(local);
    this.emitStored(sizes, elements, sums, begun);
    f.end();
  }
}
