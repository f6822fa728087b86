export { bce, bceWithLogits, hinge } from "./binary.ts";
export { type ClassOptions, type CrossEntropyOptions, crossEntropy, kl, nll } from "./classification.ts";
export type { LossOptions, Reduction } from "./reduced.ts";
export { gaussianNll, huber, mae, mse } from "./regression.ts";
