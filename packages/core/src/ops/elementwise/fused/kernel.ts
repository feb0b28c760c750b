import { checkArguments, K } from '../../../arguments/index.ts';
import { type DType, isFloatingPoint } from '../../../dtype.ts';
import { DTypeError, ShapeError, ValueError } from '../../../errors.ts';
import { ElementwiseKernel, type Expr, expressionData } from '../../../kernels/index.ts';
import { isArray } from '../../../readable.ts';
import type { Code } from '../../../record/code.ts';
import { expandsTo, formatShape, sameShape } from '../../../shape.ts';
import { isOfClass, type Tensor } from '../../../tensor.ts';
import { areNumbers, checkedUpdate, paramsKind } from '../operands.ts';

/** A kernel of several expressions over a list of tensors and one of numbers, and the check of what it is given. */
export class FusedKernel {
  /** The name in errors and before observers. */
  readonly name: string;
  /** How many tensors it takes. */
  readonly tensors: number;
  /** The expressions, of tensors and numbers. */
  readonly expressions: (...x: Expr[]) => Expr[];
  readonly kernel: ElementwiseKernel;
  readonly #params: number;

  constructor(name: string, tensors: number, results: number, build: (...x: Expr[]) => Expr[]) {
    this.name = name;
    this.tensors = tensors;
    this.expressions = checkedUpdate(name, results, build);
    this.kernel = new ElementwiseKernel(name, tensors, this.expressions);
    this.#params = Math.max(0, build.length - tensors);
  }

  /** How it is written in a program, where the first tensors are changed, or so many results are given. */
  code(by: string, results: number): Code {
    const { name, tensors } = this;
    return { by, operation: name, tensors, results, expressions: expressionData(this.kernel.expressions) };
  }

  /** Refuses what the kernel does not take; the first tensors, `alike`, have one shape, to which the others broadcast. */
  check(alike: number, tensors: readonly Tensor[], params: readonly number[]): void {
    const { name } = this;
    if (!isArray(tensors) || !areNumbers(params)) refuse(name, tensors, params);
    if (tensors.length === 0) return;
    const [first] = tensors;
    if (!isOfClass(first)) refuse(name, tensors, params);
    const { dtype, shape } = first as Tensor;
    for (let i = 1; i < tensors.length; i++) {
      const x = tensors[i] as Tensor;
      if (!isOfClass(x)) refuse(name, tensors, params);
      if (x.dtype !== dtype) {
        throw new DTypeError(`${name}: expected all tensors to be ${dtype}, got ${x.dtype} for number ${i}`);
      }
      if (x.shape === shape || sameShape(x.shape, shape)) continue;
      if (i < alike || !expandsTo(x.shape, shape)) {
        throw new ShapeError(
          `${name}: expected ${i < alike ? 'shape' : 'a shape that broadcasts to'} ${formatShape(shape)}, got ` +
            `${formatShape(x.shape)} for number ${i}`,
        );
      }
    }
    if (tensors.length !== this.tensors || params.length < this.#params)
      throw this.#countsError(tensors, params);
  }

  /** The dtype of what is to be tensors of a float dtype, at least one; else as {@link check}. */
  floatDType(alike: number, tensors: readonly Tensor[], params: readonly number[]): DType {
    this.check(alike, tensors, params);
    const [first] = tensors;
    if (first === undefined) throw this.#countsError(tensors, params);
    if (!isFloatingPoint(first.dtype))
      throw new DTypeError(`${this.name}: expected a float dtype, got ${first.dtype}`);
    return first.dtype;
  }

  #countsError(tensors: readonly Tensor[], params: readonly number[]): ValueError {
    return new ValueError(
      `${this.name}: expected ${this.tensors} tensors and ${this.#params} numbers, got ${tensors.length} and ${params.length}`,
    );
  }
}

/** Throws the error for what are no tensors, or no numbers. */
function refuse(name: string, tensors: unknown, params: unknown): void {
  checkArguments(name, { tensors: K.tensors, params: paramsKind }, [tensors, params]);
}
