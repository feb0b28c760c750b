/** What the calls of transformers take. */
import { K } from '@kindling/core';
import { layerKinds } from '../factory.ts';
import type { DecoderCall, EncoderLayerCall, TransformerLayerOptions } from './transformer-layers.ts';

/** What {@link TransformerLayerOptions} take. */
export const transformerLayerKinds: K.Kinds<TransformerLayerOptions> = {
  dimFeedforward: K.positiveCount,
  dropout: K.probability,
  activation: /* @__PURE__ */ K.either(/* @__PURE__ */ K.oneOf('relu', 'gelu'), K.callable),
  layerNormEps: K.number,
  batchFirst: K.flag,
  normFirst: K.flag,
  bias: K.flag,
  ...layerKinds,
};

/** What masks are. */
export const maskKind = /* @__PURE__ */ K.nullable(K.tensor);
/** What {@link EncoderLayerCall} takes. */
export const encoderLayerCall = /* @__PURE__ */ K.options<EncoderLayerCall>({
  srcMask: maskKind,
  srcKeyPaddingMask: maskKind,
  isCausal: K.flag,
});
/** What {@link DecoderCall} takes. */
export const decoderCall = /* @__PURE__ */ K.options<DecoderCall>({
  tgtMask: maskKind,
  memoryMask: maskKind,
  tgtKeyPaddingMask: maskKind,
  memoryKeyPaddingMask: maskKind,
  tgtIsCausal: K.flag,
  memoryIsCausal: K.flag,
});
