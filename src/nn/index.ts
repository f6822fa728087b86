export type { Initializer } from "../graph/parameter.ts";
export * from "./activations.ts";
export { type Attention, attention } from "./attention.ts";
export { checkpoint } from "./checkpoint.ts";
export {
  bound,
  constraintOf,
  type EntryGroup,
  freeze,
  positive,
  tie,
  type WeightConstraint,
} from "./constraints/constraints.ts";
export type { Entries, EntryIndex } from "./constraints/entries.ts";
export * from "./constraints/patterns.ts";
export { dense } from "./dense.ts";
export { dropout } from "./dropout.ts";
export { embedding } from "./embedding.ts";
export { ensemble } from "./ensemble.ts";
export { flatten, flattenChannelsFirst } from "./flatten.ts";
export * as init from "./initializers.ts";
export { knobsOf } from "./knobs.ts";
export { type Layer, layer } from "./layer.ts";
export * from "./losses/index.ts";
export { evaluation, type Statistic, type Training, training, trainingHere } from "./mode.ts";
export { initialize, type Model, nameParameters, parametersOf, weightsOf } from "./model.ts";
export { batchNorm } from "./norms/batch-norm.ts";
export { type GroupNormOptions, groupNorm, instanceNorm } from "./norms/group-norm.ts";
export { layerNorm } from "./norms/layer-norm.ts";
export { rmsNorm } from "./norms/rms-norm.ts";
export { conv1d, conv2d, conv3d } from "./patches/convolution.ts";
export { local1d, local2d } from "./patches/local.ts";
export type { ConvolutionOptions } from "./patches/patch-layer.ts";
export * from "./patches/pooling.ts";
export { convTranspose1d, convTranspose2d, convTranspose3d } from "./patches/transposed-convolution.ts";
export * from "./recurrence/index.ts";
export { residual } from "./residual.ts";
export { sequential } from "./sequential.ts";
export { encodeWeights, saveWeights, type WeightFileOptions } from "./weights/encode.ts";
export { type LoadOptions, loadWeights } from "./weights/load.ts";
export type { WeightLayout } from "./weights/pytorch-layout.ts";
