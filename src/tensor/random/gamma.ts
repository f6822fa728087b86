import type { DType } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Shape } from "../../graph/shape.ts";
import { whileLoop } from "../control.ts";
import { full, tensor } from "../functions.ts";
import { Tensor, where } from "../tensor.ts";
import { expOfNegative, log } from "./elementary.ts";
import { foldIn, split } from "./key.ts";
import { normal } from "./normal.ts";
import { insideUnit } from "./uniform.ts";

/** A candidate is refused with a chance below 1/20, so that not one number in 10^100 needs so many. */
const mostRounds = 100;

/**
 * Gamma with the given shape parameter and scale 1; multiply by a scale, which gradients reach. Drawn in float64 by
 * rejection (Marsaglia & Tsang, ACM Trans. Math. Softw. 26, 363, 2000), then rounded. NaN where alpha is not above 0.
 *
 * Gradients with respect to alpha are refused: what rejection accepts jumps with it.
 *
 * @param alpha  shape parameter: one number, or a tensor that broadcasts to `shape`, whose type the result then has
 * @throws `random.gradient` when a gradient asks how the numbers depend on alpha
 */
export function gamma(k: Tensor, shape: Shape, alpha: number | Tensor, dtype: DType = "float32"): Tensor {
  const a = parameterOf(shape, alpha, dtype);
  const { factor, exponent } = draw(k, a);
  return withoutGradient("gamma", factor.mul(expOfNegative(exponent)), [a]);
}

/**
 * Beta in [0, 1], as x / (x + y) of two gammas; see `gamma`, also for gradients.
 *
 * @param a, b  shape parameters: numbers, or tensors that broadcast to `shape`
 * @throws `random.gradient` when a gradient asks how the numbers depend on a or b
 */
export function beta(
  k: Tensor,
  shape: Shape,
  a: number | Tensor,
  b: number | Tensor,
  dtype: DType = "float32",
): Tensor {
  const wanted = [a, b].find((x) => typeof x !== "number") as Tensor | undefined;
  const given = [a, b].map((x) => parameterOf(shape, x, wanted?.dtype ?? dtype));
  const keys = split(k);
  const [x, y] = given.map((alpha, i) => draw(keys[i], alpha));
  // With small parameters both may be below all numbers, and their quotient is what it is.
  const largest = x.exponent.maximum(y.exponent);
  const [p, q] = [x, y].map(({ factor, exponent }) => factor.mul(expOfNegative(exponent.sub(largest))));
  return withoutGradient("beta", p.div(p.add(q)), given);
}

function parameterOf(shape: Shape, alpha: number | Tensor, dtype: DType): Tensor {
  return typeof alpha === "number" ? full(shape, alpha, dtype) : alpha.expand(shape);
}

/** Gamma variates as factor times exp(exponent), float64; the exponent is at most 0. */
function draw(k: Tensor, given: Tensor): { factor: Tensor; exponent: Tensor } {
  const alpha = given.stopGradient().cast("float64");
  const { shape } = alpha;
  const [candidates, powers] = split(k);
  // Below 1: a variate of alpha + 1, times u^(1 / alpha).
  const isSmall = alpha.lt(1);
  const d = where(isSmall, alpha.add(1), alpha).sub(1 / 3);
  const c = d.mul(9).sqrt();
  const { factor } = whileLoop(
    { factor: full(shape, Number.NaN, "float64"), open: alpha.gt(0), round: tensor(0, { dtype: "int32" }) },
    ({ open }) => open.cast("int32").sum().gt(0),
    ({ factor, open, round }) => {
      const [forX, forU] = split(foldIn(candidates, round));
      const x = normal(forX, shape, "float64");
      const root = x.div(c).add(1);
      const v = root.mul(root).mul(root);
      // `log` knows numbers up to 1; normal numbers of 53 bits are below 8.6, so that the root is below 2^3.
      const logV = log(root.maximum(2 ** -48).mul(2 ** -3), 3).mul(3);
      const bound = x
        .mul(x)
        .mul(0.5)
        .add(d.mul(logV.sub(v).add(1)));
      const accepted = root.gt(0).and(log(insideUnit(forU, shape, "float64")).lt(bound));
      return {
        factor: where(open.and(accepted), d.mul(v), factor),
        open: open.and(accepted.not()),
        round: round.add(1),
      };
    },
    { limit: mostRounds },
  );
  const exponent = log(insideUnit(powers, shape, "float64")).div(alpha);
  return { factor, exponent: where(isSmall, exponent, 0) };
}

/** The same numbers, of the type of `given`; a derivative with respect to that is refused. */
function withoutGradient(name: string, value: Tensor, given: readonly Tensor[]): Tensor {
  const refuse = (): never => {
    throw new PondusError(
      "random.gradient",
      `random.${name} draws by rejection, and has no gradient with respect to its shape parameters; stop it with ` +
        "`.stopGradient()`, or draw from a distribution that moves and stretches, such as normal or exponential.",
    );
  };
  const inputs = [value.cast(given[0].dtype), ...given].map((x) => x.node);
  return new Tensor(make("custom", inputs, { backward: refuse, forward: refuse }));
}
