export { cholesky, choSolve } from "./cholesky.ts";
export { solveTriangular } from "./triangular.ts";
