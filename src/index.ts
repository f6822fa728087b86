export { defineSystem } from "./experiment/system.ts";
export * from "./explain/index.ts";
export type { DType } from "./graph/dtype.ts";
export { PondusError } from "./graph/errors.ts";
export type { Shape } from "./graph/shape.ts";
export { memoryHere } from "./host/memory-here.ts";
export * as laws from "./laws/index.ts";
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
export * from "./tensor/index.ts";
export * from "./transforms/index.ts";
