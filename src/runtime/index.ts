export type { BackendName } from "../backends/backend.ts";
export { NumberArray } from "./array.ts";
export { backendNames, inspectBackends } from "./choose.ts";
export { compile } from "./compile.ts";
export {
  type InputType,
  type InputTypes,
  type InputValue,
  type Outputs,
  Program,
  type Update,
} from "./program.ts";
export { repeat, type Step } from "./repeat.ts";
