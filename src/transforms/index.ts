export { type Axis, type VmapOptions, vmap } from "./batching/vmap.ts";
export { checkpoint } from "./checkpoint.ts";
export { customGradient } from "./custom.ts";
export { grad, hvp, jvp, vjp } from "./derivatives.ts";
export {
  empiricalFisher,
  empiricalFisherProduct,
  type FisherOptions,
  fisher,
  fisherProduct,
} from "./matrices/fisher.ts";
export { gaussNewton, gaussNewtonProduct } from "./matrices/gauss-newton.ts";
export { hessian } from "./matrices/hessian.ts";
export { type JacobianOptions, jacobian } from "./matrices/jacobian.ts";
export { type LighterMethod, type SecondOrderPrice, secondOrderPrice } from "./matrices/price.ts";
export type { Same, Structure } from "./structure.ts";
export type { Tree, TreeOf } from "./tree.ts";
