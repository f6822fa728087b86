import { PondusError } from "../../graph/errors.ts";
import { scan } from "../../tensor/control.ts";
import { arange, full } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { counts } from "../evaluations.ts";
import type { Optimizer } from "../optimizer.ts";
import { refuseGroups } from "../parameter-groups.ts";
import { along, carried, choose, dot, minus, negated, scaled, type Vector, vectorIn } from "../vector.ts";
import { descent, type Kept } from "./descent.ts";
import { type LineSearchOptions, lineSearch } from "./line-search.ts";

export interface LbfgsOptions {
  /** How many pairs of steps and changes of the gradient it remembers (default 10). */
  readonly memory?: number;
  /** It is done when no entry of the gradient is larger (default 1e-10), or no lower point is found. */
  readonly tolerance?: number;
  readonly lineSearch?: LineSearchOptions;
}

/**
 * Limited-memory BFGS (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 7.4 and 7.5) with a line search for
 * the strong Wolfe conditions, step for step as SciPy's L-BFGS-B without bounds. It holds 2 m + 2 numbers for each knob;
 * a step costs a gradient, and one more for each further trial of the line search.
 *
 * For float64 and a loss that is the same at every step. In float32 the line search loses sight of the descent where the
 * loss changes by less than its last digits, about 1e-7 of it; there it ends.
 *
 * @throws `optim.option` unless `memory` is a whole number from 1; when used, `optim.dtype`, `optim.parameters`, `grad.scalar`
 */
export function lbfgs(options: LbfgsOptions = {}): Optimizer {
  const { memory = 10, tolerance = 1e-10 } = options;
  if (!(Number.isInteger(memory) && memory >= 1)) {
    throw new PondusError("optim.option", `lbfgs: memory must be a whole number from 1, but ${memory} came.`);
  }
  refuseGroups("lbfgs", options);
  return descent("lbfgs", tolerance, ({ objective, gradient, loss, fresh, active, state, vectors }) => {
    const [s, y] = [vectors("s", memory), vectors("y", memory)];
    const inverse = state("inverse", [memory]);
    const scale = state("scale");
    const pairs = state("pairs", [], "int32");
    const number = where(fresh, 0, pairs.before);
    // A pair that is not there has 1 / y's = 0, and so no part in the direction.
    const rho = where(fresh, 0, inverse.before);
    const empty = number.eq(0);
    const steepest = negated(gradient);
    const direction = choose(empty, steepest, twoLoops({ s, y, rho, scale: scale.before, number, memory }, steepest));
    const first = where(empty, full([], 1, objective.dtype).div(dot(gradient, gradient).sqrt()), 1);
    const found = lineSearch(objective, { loss, gradient }, direction, { ...options.lineSearch, first, active });

    const step = scaled(direction, found.step);
    const change = minus(found.gradient, gradient);
    const product = dot(step, change);
    const resolution = objective.dtype === "float64" ? 2 ** -52 : 2 ** -23;
    const curved = found.lower.and(product.gt(dot(step, gradient).mul(-resolution)));
    const slot = arange(memory).eq(number.mod(memory)).and(curved);
    const into = (kept: Kept, value: Tensor) =>
      kept.become(where(slot.reshape([memory, ...value.shape.map(() => 1)]), value.unsqueeze(0), kept.before));
    for (const [i, kept] of s.entries()) into(kept, step[i]);
    for (const [i, kept] of y.entries()) into(kept, change[i]);
    // Where the search failed the memory misled it: the next step begins anew, downhill.
    const failed = found.lower.not();
    inverse.become(where(failed, 0, where(slot, full([], 1, objective.dtype).div(product), rho)));
    scale.become(where(curved, product.div(dot(change, change)), scale.before));
    pairs.become(where(failed, 0, number.add(curved.cast("int32"))));
    return { ...found, stuck: failed.and(empty), evaluated: counts({ gradients: found.evaluations }) };
  });
}

interface Memory {
  readonly s: readonly Kept[];
  readonly y: readonly Kept[];
  /** [memory]: 1 / y's of each pair. */
  readonly rho: Tensor;
  /** s'y / y'y of the newest pair. */
  readonly scale: Tensor;
  /** How many pairs there were; pair k stands in row k mod memory. */
  readonly number: Tensor;
  readonly memory: number;
}

/** The inverse Hessian that the memory stands for, times `v` (algorithm 7.4). */
function twoLoops({ s, y, rho, scale, number, memory }: Memory, v: Vector): Tensor[] {
  const rows = arange(memory);
  // Row of the pair that is i-th from the newest.
  const row = (i: Tensor) => number.sub(1).sub(i).mod(memory);
  const pair = (i: Tensor) => {
    const at = row(i);
    const of = (kept: readonly Kept[]) => kept.map((k) => k.before.at(at));
    return { s: of(s), y: of(y), rho: rho.at(at) };
  };
  const newestFirst = scan(
    carried("q", v),
    (c, { i }) => {
      const p = pair(i);
      const q = vectorIn(c, "q", v);
      const alpha = p.rho.mul(dot(p.s, q));
      return { carry: carried("q", along(q, alpha.neg(), p.y)), out: { alpha } };
    },
    { xs: { i: rows } },
  );
  const middle = scaled(vectorIn(newestFirst.carry, "q", v), scale);
  const oldestFirst = scan(
    carried("q", middle),
    (c, { i, alpha }) => {
      const p = pair(i);
      const q = vectorIn(c, "q", v);
      const beta = p.rho.mul(dot(p.y, q));
      return { carry: carried("q", along(q, alpha.sub(beta), p.s)) };
    },
    { xs: { i: rows, alpha: newestFirst.out.alpha }, reverse: true },
  );
  return vectorIn(oldestFirst.carry, "q", v);
}
