export * from "./autodiff/index.ts";
export * from "./explain/index.ts";
export type { DType } from "./graph/dtype.ts";
export { PondusError } from "./graph/errors.ts";
export { memoryHere } from "./graph/memory-here.ts";
export type { Shape } from "./graph/shape.ts";
export {
  type DensityOptions,
  type LanczosOptions,
  type LanczosResult,
  lanczos,
  type RitzValue,
  type SpectralDensity,
  spectralDensity,
  type Weighing,
  weigh,
} from "./ledger/index.ts";
export * as nn from "./nn/index.ts";
export * as ode from "./ode/index.ts";
export * as optim from "./optim/index.ts";
export * from "./runtime/index.ts";
export { defineSystem } from "./systems/system.ts";
export * from "./tensor/index.ts";
