import type * as fc from 'fast-check';
import * as K from '../../../src/index.ts';
import {
  binary,
  fixed,
  halves,
  inside,
  mask,
  nonzero,
  positive,
  type Sample,
  unary,
  usual,
} from './sample.ts';

const { masked, special } = K;
const columns = () => mask([true, false, true]);

/** Special functions, masked ones, and what else stands apart. */
export const specials: Record<string, fc.Arbitrary<Sample>> = {
  angle: unary(K.angle, nonzero),
  deg2rad: unary(K.deg2rad),
  floatPower: binary(K.floatPower, positive, usual),
  frexp: unary((x) => K.frexp(x).mantissa, { min: 1.05, max: 1.95 }),
  i0: unary(K.i0),
  igamma: unary((x) => K.igamma(K.tensor(2.5, { dtype: 'float64' }), x), positive),
  igammac: unary((x) => K.igammac(K.tensor(2.5, { dtype: 'float64' }), x), positive),
  ldexp: binary(K.ldexp),
  mvlgamma: unary((x) => K.mvlgamma(x, 3), { min: 1.5, max: 4 }),
  nextafter: unary((x) => K.nextafter(x, 100)),
  polygamma: unary((x) => [0, 1, 2, 3].map((n) => K.polygamma(n, x)), { min: 0.75, max: 3 }),
  rad2deg: unary(K.rad2deg),
  sgn: unary(K.sgn, nonzero),
  sinc: unary(K.sinc, halves),

  'special.besselJ0': unary(special.besselJ0),
  'special.besselJ1': unary(special.besselJ1, nonzero),
  'special.besselY0': unary(special.besselY0, positive),
  'special.besselY1': unary(special.besselY1, positive),
  'special.entr': unary(special.entr, positive),
  'special.erfcx': unary(special.erfcx, { min: -1.5, max: 3 }),
  'special.i0e': unary(special.i0e, nonzero),
  'special.i1': unary(special.i1, nonzero),
  'special.i1e': unary(special.i1e, nonzero),
  'special.logNdtr': unary(special.logNdtr, { ...usual, avoid: [-1] }),
  'special.modifiedBesselK0': unary(special.modifiedBesselK0, positive),
  'special.modifiedBesselK1': unary(special.modifiedBesselK1, positive),
  'special.ndtr': unary(special.ndtr),
  'special.ndtri': unary(special.ndtri, { min: 0.1, max: 0.9 }),
  'special.xlog1py': binary(special.xlog1py, nonzero, inside),
  'special.zeta': unary((x) => special.zeta(2.5, x), { min: 0.75, max: 3 }),

  'masked.sum': fixed([[2, 3]], (x) => masked.sum(x, 1, { mask: columns() })),
  'masked.prod': fixed([[2, 3]], (x) => masked.prod(x, null, { mask: columns() }), nonzero),
  'masked.amax': fixed([[2, 3]], (x) => masked.amax(x, 1, { mask: columns() }), { ...usual, distinct: true }),
  'masked.amin': fixed([[2, 3]], (x) => masked.amin(x, 1, { mask: columns() }), { ...usual, distinct: true }),
  'masked.mean': fixed([[2, 3]], (x) => masked.mean(x, [0, 1], { mask: columns(), keepdim: true })),
  'masked.median': fixed([[2, 3]], (x) => masked.median(x, 1, { mask: columns() }), {
    ...usual,
    distinct: true,
  }),
  'masked.norm': fixed([[2, 3]], (x) => masked.norm(x, 3, 1, { mask: columns() }), nonzero),
  'masked.var': fixed([[2, 3]], (x) => masked.var(x, 1, { mask: columns() })),
  'masked.std': fixed([[2, 3]], (x) => masked.std(x, 1, { mask: columns() }), { ...usual, distinct: true }),
  'masked.cumsum': fixed([[2, 3]], (x) => masked.cumsum(x, 1, { mask: columns() })),
  'masked.cumprod': fixed([[2, 3]], (x) => masked.cumprod(x, 1, { mask: columns() }), nonzero),
  'masked.softmax': fixed([[2, 3]], (x) => masked.softmax(x, 1, { mask: columns() })),
  'masked.logSoftmax': fixed([[2, 3]], (x) => K.exp(masked.logSoftmax(x, 1, { mask: columns() }))),
  'masked.softmin': fixed([[2, 3]], (x) => masked.softmin(x, 1, { mask: columns() })),
  'masked.normalize': fixed([[2, 3]], (x) => masked.normalize(x, 2, 1, { mask: columns() }), nonzero),
  'masked.logsumexp': fixed([[2, 3]], (x) => masked.logsumexp(x, 1, { mask: columns() })),
  'masked.logaddexp': fixed(
    [
      [2, 3],
      [2, 3],
    ],
    (x, y) => masked.logaddexp(x, y, { inputMask: columns() }),
  ),

  asStridedScatter: fixed(
    [
      [3, 3],
      [2, 2],
    ],
    (x, y) => K.asStridedScatter(x, y, [2, 2], [1, 3], { storageOffset: 1 }),
  ),
  combinations: fixed([[4]], (x) => K.combinations(x, { r: 3, withReplacement: true })),
  constantPadNd: fixed([[2, 3]], (x) => K.constantPadNd(x, [1, 2, 0, 1])),
  diagflat: fixed([[2, 2]], (x) => K.diagflat(x, { offset: 1 })),
  diagonalCopy: fixed([[3, 3]], (x) => K.diagonalCopy(x, { offset: 1 })),
  fill: fixed([[2, 3], []], (x, y) => K.fill(x, y)),
  pdist: fixed([[4, 3]], (x) => [K.pdist(x), K.pdist(x, { p: 3 })], { ...usual, distinct: true }),
  renorm: fixed([[3, 4]], (x) => K.renorm(x, 3, 0, 2), nonzero),
  unbindCopy: fixed([[2, 3]], (x) => K.unbindCopy(x, 1)),
};
