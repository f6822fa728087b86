export { type AdamOptions, adam, adamw } from "./adam.ts";
export type { Checkpoint, SavedTensor, TrainingRecord } from "./checkpoint.ts";
export { type Clip, clipByGlobalNorm } from "./clip.ts";
export { type FitOptions, type FitResult, fit, type Progress } from "./fit.ts";
export { type LeastSquaresOptions, type LeastSquaresResult, leastSquares } from "./levenberg-marquardt.ts";
export { NonFiniteError } from "./nonfinite.ts";
export { type CommonOptions, type Optimizer, optimizer, type Turn } from "./optimizer.ts";
export { constant, cosine, exponential, linear, piecewise, type Schedule, warmupCosine } from "./schedules.ts";
export { sgd } from "./sgd.ts";
