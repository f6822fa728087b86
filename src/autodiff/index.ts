export { checkpoint } from "./checkpoint.ts";
export { customGradient } from "./custom.ts";
export { grad, hvp, jvp, vjp } from "./derivatives.ts";
export { empiricalFisher, empiricalFisherProduct, type FisherOptions, fisher, fisherProduct } from "./fisher.ts";
export { gaussNewton, gaussNewtonProduct } from "./gauss-newton.ts";
export { hessian } from "./hessian.ts";
export { type JacobianOptions, jacobian } from "./jacobian.ts";
export { type LighterMethod, type SecondOrderPrice, secondOrderPrice } from "./price.ts";
export type { Same, Structure } from "./structure.ts";
