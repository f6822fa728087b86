import { labelled } from "../../../graph/origin.ts";
import { eye, ones } from "../../../tensor/functions.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { jvp } from "../../../transforms/derivatives.ts";
import { type Rate, rateAt } from "../../rate.ts";
import type { Stepper } from "../stepper.ts";
import { inverse, jacobianOf } from "./linear.ts";
import type { RosenbrockTableau } from "./rosenbrock-tableau.ts";

/**
 * A Rosenbrock method, from its tableau. The linear systems are multiplied by h gamma, so that a step of length 0 is a
 * step too. J is the rate's exact derivative.
 */
export function rosenbrock(tableau: RosenbrockTableau): Stepper {
  const { name, order, errorOrder, gamma, a, C, c, d, b, error, dense } = tableau;
  const step = (rate: Rate, y: Tensor, t: Tensor, h: Tensor) => {
    const start = y.flatten();
    const f = (x: Tensor, time: Tensor) => rateAt(rate, x.reshape(y.shape), time).flatten();
    const weighted = (list: readonly Tensor[], weights: readonly number[]): Tensor | undefined => {
      const terms = list.flatMap((x, i) => (weights[i] ? [weights[i] === 1 ? x : x.mul(weights[i])] : []));
      return terms.length > 0 ? terms.reduce((sum, x) => sum.add(x)) : undefined;
    };
    const u: Tensor[] = [];
    labelled(name, () => {
      const first = f(start, t);
      const inOneTime = jvp(first, t, ones([], t.dtype));
      const solver = inverse(eye(start.size, y.dtype).sub(jacobianOf(first, y).mul(h.mul(gamma))));
      a.forEach((row, i) => {
        const ahead = weighted(u, row);
        const slope = i === 0 ? first : f(ahead ? start.add(ahead) : start, t.add(h.mul(c[i])));
        const known = [slope.mul(h), weighted(u, C[i]), d[i] === 0 ? undefined : inOneTime.mul(h.square()).mul(d[i])];
        const right = known.filter((x) => x !== undefined).reduce((sum, x) => sum.add(x));
        u.push(solver.matmul(right.mul(gamma)));
      });
    });
    const back = (x: Tensor) => x.reshape(y.shape);
    const end = labelled(name, () => y.add(back(weighted(u, b) as Tensor)));
    return {
      y: end,
      error: () => labelled(name, () => back(weighted(u, error) as Tensor)),
      at: (theta: Tensor): Tensor =>
        labelled(name, () => {
          const rest = theta.neg().add(1);
          const bends = dense.map((weights) => back(weighted(u, weights) as Tensor));
          const [last, ...before] = bends.toReversed();
          const bend = before.reduce((sum, s) => sum.mul(theta).add(s), last);
          return y.mul(rest).add(theta.mul(end.add(rest.mul(bend))));
        }),
    };
  };
  return { name, order, errorOrder, evaluations: a.length, chains: false, implicit: true, step };
}
