import { labelled } from "../../../graph/origin.ts";
import { whileLoop } from "../../../tensor/control.ts";
import { eye, full } from "../../../tensor/functions.ts";
import { type Tensor, where } from "../../../tensor/tensor.ts";
import { type Rate, rateAt } from "../../rate.ts";
import { hermite } from "../hermite.ts";
import type { Stepper } from "../stepper.ts";
import { inverse, jacobianOf } from "./linear.ts";

/** More iterations of Newton's iteration mean that the step is too long for it. */
const mostIterations = 12;

/**
 * The backward Euler rule, first order and L-stable: y1 = y + h f(y1, t + h), solved by Newton's iteration with the
 * Jacobian at the start (Hairer & Wanner, Solving Ordinary Differential Equations II, 1996, IV.8). The error is the
 * difference to the trapezoidal rule. Where the iteration does not converge, the step's error is NaN, and it is refused.
 */
export const implicitEuler: Stepper = {
  name: "implicitEuler",
  order: 1,
  errorOrder: 1,
  evaluations: 3,
  chains: false,
  implicit: true,
  step: (rate: Rate, y: Tensor, t: Tensor, h: Tensor) =>
    labelled("implicitEuler", () => {
      const start = y.flatten();
      const one = eye(start.size, y.dtype);
      const later = t.add(h);
      const f = (x: Tensor, time: Tensor) => rateAt(rate, x.reshape(y.shape), time).flatten();
      const missing = (x: Tensor) => x.sub(start).sub(f(x, later).mul(h));
      const first = f(start, t);
      const solver = inverse(one.sub(jacobianOf(first, y).mul(h))).stopGradient();
      const near = start
        .abs()
        .add(1)
        .mul(y.dtype === "float64" ? 1e-13 : 1e-6);
      const found = whileLoop(
        { x: start, off: full([], Number.POSITIVE_INFINITY, y.dtype) },
        ({ off }) => off.gt(1),
        ({ x }) => {
          const change = solver.matmul(missing(x));
          return { x: x.sub(change), off: change.div(near).abs().max() };
        },
        { limit: mostIterations },
      );
      // Iterations with the exact Jacobian: each doubles how often the result can be differentiated as the equation's solution.
      const exact = (x: Tensor) => {
        const known = x.stopGradient();
        return inverse(one.sub(jacobianOf(f(known, later), known).mul(h))).matmul(missing(x));
      };
      const near1 = found.x.stopGradient();
      const near2 = near1.sub(exact(near1));
      const end = near2.sub(exact(near2));
      const last = f(end, later);
      const solved = found.off.le(1);
      const back = (z: Tensor) => z.reshape(y.shape);
      return {
        y: back(end),
        error: () => back(where(solved, last.sub(first).mul(h.mul(0.5)), Number.NaN)),
        at: (theta: Tensor) => hermite(y, back(end), back(first), back(last), h, theta),
      };
    }),
};
