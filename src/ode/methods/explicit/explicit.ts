import { labelled } from "../../../graph/origin.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { type Rate, rateAt } from "../../rate.ts";
import { hermite } from "../hermite.ts";
import type { Stepper } from "../stepper.ts";
import type { Tableau } from "./tableau.ts";

/** An explicit Runge-Kutta method, from its tableau. */
export function explicit({ name, order, a, b, c, error, errorOrder, dense }: Tableau): Stepper {
  const chains = isFirstSameAsLast(a, b);
  const estimate = error;
  const step = (rate: Rate, y: Tensor, t: Tensor, h: Tensor, first?: Tensor) => {
    const stages = first ? [first] : [];
    /** h times the weighted sum of stages, or nothing where all weigh nothing. */
    const moved = (weights: readonly number[]): Tensor | undefined => {
      const terms = weights.flatMap((w, i) => (w === 0 ? [] : [w === 1 ? stage(i) : stage(i).mul(w)]));
      return terms.length === 0 ? undefined : terms.reduce((sum, term) => sum.add(term)).mul(h);
    };
    const stage = (i: number): Tensor => {
      while (stages.length <= i) {
        const k = stages.length;
        const [state, time] = labelled(name, () => [plus(y, moved(a[k])), c[k] === 0 ? t : t.add(h.mul(c[k]))]);
        stages.push(rateAt(rate, state, time));
      }
      return stages[i];
    };
    const end = plus(y, moved(b));
    const lastStage = () => stage(a.length - 1);
    return {
      y: labelled(name, () => end),
      error: estimate && (() => labelled(name, () => moved(estimate) as Tensor)),
      last: chains ? lastStage : undefined,
      at: (theta: Tensor): Tensor =>
        labelled(name, () => {
          if (!dense) return hermite(y, end, stage(0), chains ? lastStage() : rateAt(rate, end, t.add(h)), h, theta);
          const terms = dense.flatMap((row, i) =>
            row.every((w) => w === 0) ? [] : [powers(row, theta).mul(stage(i))],
          );
          return y.add(terms.reduce((sum, term) => sum.add(term)).mul(h));
        }),
    };
  };
  const evaluations = chains ? a.length - 1 : a.length;
  return { name, order, errorOrder, evaluations, chains, implicit: false, step };
}

const plus = (y: Tensor, change: Tensor | undefined) => (change ? y.add(change) : y);

/** w_0 x + w_1 x^2 + ... */
function powers(weights: readonly number[], x: Tensor): Tensor {
  const [last, ...before] = weights.toReversed();
  return before.reduce<Tensor>((sum, w) => sum.mul(x).add(w), x.mul(0).add(last)).mul(x);
}

/** Whether the last stage is the rate at the step's end. */
function isFirstSameAsLast(a: Tableau["a"], b: Tableau["b"]): boolean {
  const last = a[a.length - 1];
  return a.length > 1 && b[last.length] === 0 && last.every((w, j) => w === b[j]);
}
