export * as friction from "./friction/index.ts";
export { logistic, logisticRate } from "./growth/logistic.ts";
export { lotkaVolterra } from "./growth/lotka-volterra.ts";
