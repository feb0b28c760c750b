/** The rows of the table for linear algebra and statistics. */
import { Tensor } from '@kindling/core';
import type { Bound, Operation } from './table.ts';

type Extras = Omit<Operation, 'signature'>;

/** What the table's rows are made by. */
interface Makers {
  readonly op: (signature: string, extras?: Extras) => Operation;
  readonly spelled: (names: string, signature: string, extras?: Extras) => Record<string, Operation>;
}

/** The first vectors of a tensor, along a dimension, without signs. */
const sizesOf = (x: Tensor | undefined, dim: number, count: number): unknown =>
  x?.narrow(dim, 0, count).abs();

/** Singular vectors without their signs, as many as there are values. */
const singular = (dimOfRight: number) => (result: unknown) => {
  const [u, s, v] = Object.values(result as Record<string, Tensor>);
  const count = s?.shape.at(-1) ?? 0;
  return [sizesOf(u, -1, count), s, sizesOf(v, dimOfRight, count)];
};

const eigen = (result: unknown): unknown => {
  const [values, vectors] = Object.values(result as Record<string, Tensor>);
  return [values, vectors?.abs()];
};

/** The database draws two factors of a matrix that is singular. */
const singularProduct = (bound: Bound): Bound => {
  const [a, b] = [bound.get('input'), bound.get('b')];
  return a instanceof Tensor && b instanceof Tensor ? new Map([['input', a.matmul(b.mT)]]) : bound;
};

/** Errors grow with the condition of the matrix, so they count against the largest number. */
const conditioned: Extras = { contraction: true };

export function linearAlgebra({ op, spelled }: Makers): Record<string, Operation> {
  const ofMatrices: Extras = { ...conditioned, receiver: -1 };
  /** Functions of `linalg`, by their signatures. */
  const within = (
    namesOf: Readonly<Record<string, string>>,
    extras: Extras = {},
  ): Record<string, Operation> =>
    Object.assign(
      {},
      ...Object.entries(namesOf).map(([signature, names]) =>
        spelled(names.replace(/\w+/g, 'linalg.$&'), signature, { ...ofMatrices, ...extras }),
      ),
    );
  return {
    ...within({
      input: 'det slogdet inv svdvals matrix_sqrth polar',
      'input | check_errors': 'inv_ex',
      'input | offset dim1 dim2': 'diagonal',
      'input | upper check_errors': 'cholesky cholesky_ex',
      'x y dim': 'vecdot',
      'input p': 'cond',
      'input | UPLO': 'eigvalsh',
      'input tau': 'householder_product',
      'input b | rcond driver': 'lstsq',
      'input n': 'matrix_power',
      tensors: 'multi_dot',
      'input | mode': 'qr',
      'x | N': 'vander',
      'input | pivot check_errors': 'lu_factor lu_factor_ex lu',
      'lu pivots b | left adjoint': 'lu_solve',
      'a b | left check_errors': 'solve solve_ex',
      'a b | upper left unitriangular': 'solve_triangular',
      'input | atol rtol hermitian': 'matrix_rank pinv',
      'input | ind': 'tensorinv',
      'a b | dims': 'tensorsolve',
    }),
    ...within({ 'input | UPLO': 'eigh' }, { result: eigen }),
    ...within({ 'input | full_matrices': 'svd' }, { result: singular(-2) }),
    'linalg.lstsq[grad_oriented]': op('input b | driver', {
      ...ofMatrices,
      result: (result) => Object.values(result as Record<string, Tensor>).slice(0, 2),
    }),
    'linalg.pinv[singular]': op('input', {
      ...ofMatrices,
      accepts: { positional: ['input', 'b'], optional: [] },
      adapt: singularProduct,
    }),
    ...spelled('cholesky_inverse', 'input | upper', conditioned),
    ...spelled('cholesky_solve', 'b l | upper', conditioned),
    ...spelled('geqrf logdet matrix_exp', 'input', conditioned),
    kron: op('input other'),
    lu: op('input | pivot get_infos', conditioned),
    lu_solve: op('b lu pivots', conditioned),
    lu_unpack: op('lu pivots | unpack_data unpack_pivots', { receiver: -1 }),
    ormqr: op('input tau other | left transpose', conditioned),
    pinverse: op('input | rcond', conditioned),
    svd: op('input | some compute_uv', { ...conditioned, result: singular(-1) }),
    triangular_solve: op('b a | upper transpose unitriangular', conditioned),

    cov: op('input | correction fweights aweights', conditioned),
    corrcoef: op('input', conditioned),
    histc: op('input | bins min max'),
    histogram: op('input bins | range weight density'),
    histogramdd: op('input bins | range weight density', { receiver: -1 }),
    isin: op('elements test_elements | assume_unique invert', { receiver: -1 }),
    ...spelled('trapezoid trapz cumulative_trapezoid', 'y x | dx dim', { receiver: -1, contraction: true }),
    gradient: op('input | spacing dim edge_order', { receiver: -1 }),
    index_reduce: op('input dim index source reduce | include_self'),
  };
}

/** Samples of which PyTorch's numbers are not to be met. */
export const linearAlgebraNotSupported: readonly {
  op: string;
  when: (bound: Bound) => boolean;
  why: string;
}[] = [
  {
    op: 'cov',
    when: (b) => dtypeOf(b.get('input')) === 'float64' && dtypeOf(b.get('aweights')) === 'float32',
    why: "the weights' sums are rounded to float32, in another order than PyTorch's, before they divide what is compared as float64",
  },
];

const dtypeOf = (x: unknown): string | undefined => (x as { dtype?: string } | null | undefined)?.dtype;
