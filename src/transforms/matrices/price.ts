import { bytesOf } from "../../graph/dtype.ts";

/** A way to train, or to look at curvature, that needs no matrix, and what it holds beside the knobs. */
export interface LighterMethod {
  readonly method: "gradient descent" | "Adam" | "L-BFGS" | "Hessian-vector product" | "Lanczos";
  /** As a formula in P, the number of knobs: "2 m P with m = 10". */
  readonly formula: string;
  /** Numbers that it holds. */
  readonly numbers: number;
  /** The same in bytes of the chosen element type. */
  readonly bytes: number;
}

/** What an explicit matrix of second derivatives costs. Sizes beyond 2^53 are rounded to the nearest Number. */
export interface SecondOrderPrice {
  readonly parameters: number;
  readonly dtype: "float32" | "float64";
  /** P^2: a Hessian, a Gauss-Newton matrix or a Fisher matrix has a row and a column for every knob. */
  readonly entries: number;
  readonly float64Bytes: number;
  readonly float32Bytes: number;
  /** In `dtype`. */
  readonly bytes: number;
  /** Whether the numbers above are exact: float64Bytes is below 2^53 or is a Number by luck, as 8 x 10^18 is. */
  readonly exact: boolean;
  /** From the one that holds least; Lanczos stands last, since it keeps the more vectors the more it is asked. */
  readonly alternatives: readonly LighterMethod[];
}

/**
 * The price of second derivatives: 8 P^2 bytes for the matrix in float64, beside a few P for every method that only
 * multiplies with it. Pure arithmetic: nothing is built.
 *
 * @param parameters       P, the number of knobs
 * @param options.dtype    of `bytes` and of the alternatives (default float64)
 * @param options.history  pairs that L-BFGS remembers (default 10)
 * @param options.steps    vectors that Lanczos keeps (default 50)
 */
export function secondOrderPrice(
  parameters: number,
  options: { dtype?: "float32" | "float64"; history?: number; steps?: number } = {},
): SecondOrderPrice {
  const { dtype = "float64", history = 10, steps = 50 } = options;
  const entries = parameters * parameters;
  const k = Math.min(steps, parameters);
  const alternative = (method: LighterMethod["method"], formula: string, times: number): LighterMethod => {
    const numbers = times * parameters;
    return { method, formula, numbers, bytes: numbers * bytesOf[dtype] };
  };
  return {
    parameters,
    dtype,
    entries,
    float64Bytes: entries * bytesOf.float64,
    float32Bytes: entries * bytesOf.float32,
    bytes: entries * bytesOf[dtype],
    // Multiplying by 8 only moves the exponent, so the square alone decides.
    exact: BigInt(parameters) ** 2n === BigInt(entries),
    alternatives: [
      // The gradient.
      alternative("gradient descent", "P", 1),
      // The gradient and two moments of it.
      alternative("Adam", "3 P", 3),
      // The vector, the gradient, and the change of each: the product is the change of the gradient.
      alternative("Hessian-vector product", "3 P", 3),
      alternative("L-BFGS", `2 m P with m = ${history}`, 2 * history),
      alternative("Lanczos", `k P with k = ${k}`, k),
    ],
  };
}
