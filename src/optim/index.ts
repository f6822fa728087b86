export { type AdamOptions, adam, adamw } from "./adam.ts";
export { type Clip, clipByGlobalNorm } from "./clip.ts";
export { type Evaluations, evaluationsIn, gradientEquivalents, inGradients } from "./evaluations.ts";
export {
  type LeastSquaresOptions,
  type LeastSquaresResult,
  leastSquares,
} from "./least-squares/least-squares.ts";
export { type CommonOptions, type Minimization, type Optimizer, optimizer, type ParameterUpdate } from "./optimizer.ts";
export { biasesAndNorms, type ParameterGroup } from "./parameter-groups.ts";
export type { Schedule } from "./schedules.ts";
export * as schedules from "./schedules.ts";
export { type LbfgsOptions, lbfgs } from "./second-order/lbfgs.ts";
export type { LineSearchOptions } from "./second-order/line-search.ts";
export { type NaturalGradientOptions, naturalGradient } from "./second-order/natural.ts";
export { type NewtonCGOptions, newtonCG } from "./second-order/newton-cg.ts";
export { sgd } from "./sgd.ts";
export { batches } from "./training/batches.ts";
export type { Checkpoint, SavedTensor, TrainingRecord } from "./training/checkpoint.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./training/checkpoint-file.ts";
export { type FitOptions, fit } from "./training/fit.ts";
export { holdOut } from "./training/hold-out.ts";
export type { FitResult } from "./training/loop.ts";
export { NonFiniteError } from "./training/nonfinite.ts";
export type { Progress } from "./training/progress.ts";
export { gapOf, type Judgement, type Validation } from "./training/validation.ts";
