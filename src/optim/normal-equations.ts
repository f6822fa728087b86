import { jacobian } from "../autodiff/index.ts";
import type { BackendName } from "../backends/backend.ts";
import { formatSize, formatWhole } from "../graph/bytes.ts";
import { PondusError } from "../graph/errors.ts";
import { memoryHere } from "../graph/memory-here.ts";
import type { Parameter } from "../graph/parameter.ts";
import { compile } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { positiveSolver } from "./cholesky.ts";
import type { Evaluations } from "./evaluations.ts";
import { tensorOf } from "./optimizer.ts";

/** The least-squares problem near the present weights, as straight lines. */
export interface Linearized {
  /** [m] */
  readonly residuals: Float64Array;
  /** J, [m, n] row-major. */
  readonly jacobian: Float64Array;
  /** The diagonal of D, [n]. */
  readonly scale: Float64Array;
  /**
   * What the knobs should do about given residuals b, [m] to [n]: the d of (J'J + damping D) d = -J'b. Undefined when the
   * matrix is not positive definite to rounding.
   */
  answer(damping: number): ((b: Float64Array) => Float64Array) | undefined;
}

/** D: the diagonal of J'J, so that each knob counts in units of its own influence, or everywhere its largest entry. */
export type Scaling = "each" | "all";

export interface Linearizer {
  /** What one of it asks for. */
  readonly cost: Partial<Evaluations>;
  linearize(): Promise<Linearized>;
}

/** A knob that nothing depends on has a zero in the diagonal of J'J; this share of the largest keeps it where it is. */
const floor = 1e-12;

/**
 * Solves the damped normal equations from whichever side is smaller. With no more knobs (n) than residuals (m) the
 * Jacobian J comes by forward mode, a column for each knob, and the matrix is J'J, [n, n]. With more knobs it comes by
 * reverse mode, a row for each residual, and the same step is -D^-1 J' (J D^-1 J' + damping)^-1 r, whose matrix is [m, m].
 *
 * @throws `leastSquares.size` when Jacobian and matrix are more than this machine's memory
 */
export function normalEquations(
  residuals: Tensor,
  parameters: readonly Parameter[],
  options: { readonly scaling?: Scaling; readonly backend?: BackendName | "auto" } = {},
): Linearizer {
  const r = residuals.flatten();
  const knobs = parameters.reduce((n, p) => n + p.size, 0);
  checkSize(knobs, r.size);
  const { scaling = knobs <= r.size ? "each" : "all", backend } = options;
  if (knobs <= r.size) return byKnobs(r, parameters, scaling, backend);
  try {
    return byResiduals(r, parameters, scaling, backend);
  } catch (error) {
    // A loop without a limit has no reverse mode.
    if (error instanceof PondusError && error.code === "grad.unbounded") {
      return byKnobs(r, parameters, scaling, backend);
    }
    throw error;
  }
}

function byKnobs(
  r: Tensor,
  parameters: readonly Parameter[],
  scaling: Scaling,
  backend: BackendName | "auto" = "auto",
): Linearizer {
  const leaves = parameters.map(tensorOf);
  const n = parameters.reduce((sum, p) => sum + p.size, 0);
  const program = compile(
    () => {
      const j = jacobian(r, leaves, { mode: "forward" });
      return { residuals: r, jacobian: j, normal: j.T.matmul(j), scale: scaleOf(j, scaling) };
    },
    {},
    { backend },
  );
  return {
    cost: { derivatives: n },
    linearize: async () => {
      const results = await program.run();
      const [residuals, j, normal, scale] = [results.residuals, results.jacobian, results.normal, results.scale].map(
        ({ data }) => data as Float64Array,
      );
      const answer = (damping: number) => {
        const a = normal.slice();
        for (let i = 0; i < n; i++) a[i * n + i] += damping * scale[i];
        const solve = positiveSolver(a);
        return solve && ((b: Float64Array) => solve(transposed(j, b).map((x) => -x)));
      };
      return { residuals, jacobian: j, scale, answer };
    },
  };
}

function byResiduals(
  r: Tensor,
  parameters: readonly Parameter[],
  scaling: Scaling,
  backend: BackendName | "auto" = "auto",
): Linearizer {
  const leaves = parameters.map(tensorOf);
  const m = r.size;
  const program = compile(
    () => {
      const j = jacobian(r, leaves, { mode: "reverse" });
      const scale = scaleOf(j, scaling);
      return { residuals: r, jacobian: j, matrix: j.div(scale).matmul(j.T), scale };
    },
    {},
    { backend },
  );
  return {
    cost: { gradients: m },
    linearize: async () => {
      const results = await program.run();
      const [residuals, j, matrix, scale] = [results.residuals, results.jacobian, results.matrix, results.scale].map(
        ({ data }) => data as Float64Array,
      );
      const answer = (damping: number) => {
        const a = matrix.slice();
        for (let i = 0; i < m; i++) a[i * m + i] += damping;
        const solve = positiveSolver(a);
        return solve && ((b: Float64Array) => transposed(j, solve(b)).map((x, k) => -x / scale[k]));
      };
      return { residuals, jacobian: j, scale, answer };
    },
  };
}

/** The diagonal of D, [n]. */
function scaleOf(j: Tensor, scaling: Scaling): Tensor {
  const diagonal = j.square().sum(0);
  return diagonal.maximum(diagonal.max().mul(scaling === "each" ? floor : 1));
}

/** J v, [n] to [m]. */
export function times(j: Float64Array, v: Float64Array): Float64Array {
  const n = v.length;
  return Float64Array.from({ length: j.length / n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += j[i * n + k] * v[k];
    return sum;
  });
}

/** J'u, [m] to [n]. */
function transposed(j: Float64Array, u: Float64Array): Float64Array {
  const n = j.length / u.length;
  const sum = new Float64Array(n);
  for (let i = 0; i < u.length; i++) for (let k = 0; k < n; k++) sum[k] += j[i * n + k] * u[i];
  return sum;
}

function checkSize(knobs: number, residuals: number): void {
  const side = Math.min(knobs, residuals);
  // The Jacobian twice: in the program and in its result.
  const bytes = 8 * (2 * knobs * residuals + side * side);
  const here = memoryHere();
  if (here === undefined || bytes <= here) return;
  throw new PondusError(
    "leastSquares.size",
    `leastSquares: the Jacobian of ${formatWhole(residuals)} residuals by ${formatWhole(knobs)} knobs, and its matrix, take ` +
      `${formatSize(bytes)}, but this machine has ${formatSize(here)}; train with optim.lbfgs or optim.natural, which hold no matrix.`,
  );
}
