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
} from "./constraints.ts";
export { dense } from "./dense.ts";
export { embedding } from "./embedding.ts";
export type { Entries, EntryIndex } from "./entries.ts";
export * from "./initializers.ts";
export { knobsOf } from "./knobs.ts";
export { type Layer, layer } from "./layer.ts";
export { layerNorm } from "./layer-norm.ts";
export { bceWithLogits, crossEntropy, huber, mae, mse, type Reduction } from "./losses.ts";
export { initialize, type Model, nameParameters, parametersOf, weightsOf } from "./model.ts";
export * from "./patterns.ts";
export * from "./recurrence/index.ts";
export { residual } from "./residual.ts";
export { sequential } from "./sequential.ts";
export { loadWeights, saveWeights } from "./weights.ts";
