export * from "./control.ts";
export * from "./functions.ts";
export { type PadMode, pad } from "./movement/pad.ts";
export { parameter, parameterOf } from "./parameter.ts";
export * as random from "./random/index.ts";
export * from "./special-functions.ts";
export { type Operand, Tensor } from "./tensor.ts";
