export * from "./activations.ts";
export { type Attention, attention } from "./attention.ts";
export { batchNorm } from "./batch-norm.ts";
export { checkpoint } from "./checkpoint.ts";
export {
  bound,
  constraintOf,
  type EntryGroup,
  freeze,
  positive,
  tie,
  type WeightConstraint,
} from "./constraints.ts";
export { conv1d, conv2d, conv3d } from "./convolution.ts";
export { dense } from "./dense.ts";
export { dropout } from "./dropout.ts";
export { embedding } from "./embedding.ts";
export type { Entries, EntryIndex } from "./entries.ts";
export { flatten, flattenChannelsFirst } from "./flatten.ts";
export { type GroupNormOptions, groupNorm, instanceNorm } from "./group-norm.ts";
export * from "./initializers.ts";
export { knobsOf } from "./knobs.ts";
export { type Layer, layer } from "./layer.ts";
export { layerNorm } from "./layer-norm.ts";
export { local1d, local2d } from "./local.ts";
export * from "./losses/index.ts";
export { evaluation, type Statistic, training } from "./mode.ts";
export { initialize, type Model, nameParameters, parametersOf, weightsOf } from "./model.ts";
export type { ConvolutionOptions } from "./patch-layer.ts";
export * from "./patterns.ts";
export * from "./pooling.ts";
export type { WeightLayout } from "./pytorch-layout.ts";
export * from "./recurrence/index.ts";
export { residual } from "./residual.ts";
export { rmsNorm } from "./rms-norm.ts";
export { sequential } from "./sequential.ts";
export { convTranspose1d, convTranspose2d, convTranspose3d } from "./transposed-convolution.ts";
export { loadWeights, saveWeights } from "./weights.ts";
