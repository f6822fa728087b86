export { grad, hvp, jvp, vjp } from "./autodiff/index.ts";
export type { DType } from "./graph/dtype.ts";
export { PondusError } from "./graph/errors.ts";
export type { Shape } from "./graph/shape.ts";
export * from "./runtime/index.ts";
export * from "./tensor/index.ts";
