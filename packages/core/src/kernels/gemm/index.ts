/** Products of matrices. */
export * from './gemm.ts';
export { LANES as gemmLanes } from './gemm-kernels.ts';
export { innerProduct } from './inner.ts';
export { panelFunctions, panelProduct } from './outer.ts';
export { copyVectors, packPanels, packPanelsTransposed, transposeLines } from './packing.ts';
export {
  type GemmLane,
  isCutBefore,
  MOST_TILE_ROWS,
  multiplyAdd,
  narrowTile,
  TiledKernels,
  type TileSize,
} from './tiles.ts';
export * from './wide.ts';
