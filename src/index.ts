export { grad, hvp, jvp, vjp } from "./autodiff/index.ts";
export type { DType } from "./graph/dtype.ts";
export { PondusError } from "./graph/errors.ts";
export type { Shape } from "./graph/shape.ts";
export * as nn from "./nn/index.ts";
export * as ode from "./ode/index.ts";
export * as optim from "./optim/index.ts";
export * from "./runtime/index.ts";
export * from "./tensor/index.ts";
