export * from "./activations.ts";
export { checkpoint } from "./checkpoint.ts";
export { dense } from "./dense.ts";
export * from "./initializers.ts";
export { knobsOf } from "./knobs.ts";
export { type Layer, layer } from "./layer.ts";
export { bceWithLogits, crossEntropy, huber, mae, mse, type Reduction } from "./losses.ts";
export { initialize, type Model, nameParameters, parametersOf } from "./model.ts";
export { sequential } from "./sequential.ts";
