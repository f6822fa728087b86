export * as friction from "./friction/index.ts";
export { logistic } from "./growth/logistic.ts";
