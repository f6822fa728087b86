import { memoryHere } from "#host/memory";
import type { BackendName } from "../../backends/backend.ts";
import { formatSize, formatWhole } from "../../graph/bytes.ts";
import { PondusError } from "../../graph/errors.ts";
import { Parameter } from "../../graph/parameter.ts";
import { compile } from "../../runtime/compile.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { jacobian } from "../../transforms/index.ts";
import { rowsBySample } from "../../transforms/matrices/by-sample.ts";
import type { Evaluations } from "../evaluations.ts";
import { tensorOf } from "../optimizer.ts";
import { positiveSolver } from "./cholesky.ts";

/** The least-squares problem near the present weights, as straight lines. */
export interface Linearized {
  /** [m] */
  readonly residuals: Float64Array;
  /** J, [m, n] row-major. */
  readonly jacobian: Float64Array;
  /** The largest cosine of the angle between the residuals and a column of J: 0 at a minimum. NaN where J is. */
  readonly cosine: number;
  /** The length of a move of the knobs in their units, sqrt(d'D d): about what it does to the residuals, at most. */
  length(move: ArrayLike<number>): number;
  /**
   * What the knobs should do about given residuals b, [m] to [n]: the d of (J'J + damping D) d = -J'b. Undefined when the
   * matrix is not positive definite to rounding.
   */
  answer(damping: number): ((b: Float64Array) => Float64Array) | undefined;
}

/**
 * D: of the diagonal of J'J the largest that each entry has been, so that each knob counts in units of its own influence, or
 * everywhere the largest of all. A knob whose influence fades far from the data is held by what it was (More 1978, section 6).
 */
export type Scaling = "each" | "all";

export interface Linearizer {
  /** What one of it asks for. */
  readonly cost: Partial<Evaluations>;
  /** [n], the diagonal of J'J at its largest. It belongs to the state of the fit. */
  readonly influence: Parameter;
  load(): Promise<unknown>;
  linearize(): Promise<Linearized>;
}

/** A knob that nothing depends on has a zero in the diagonal of J'J; this share of the largest keeps it where it is. */
const floor = 1e-12;

/**
 * Solves the damped normal equations from whichever side is smaller. With no more knobs (n) than residuals (m) the matrix is J'J,
 * [n, n]. With more knobs the same step is -D^-1 J' (J D^-1 J' + damping)^-1 r, whose matrix is [m, m]. Where residuals belong to
 * samples the Jacobian J has all samples' rows at once; else it comes by forward mode, a column for each knob, or by reverse mode, a
 * row for each residual, whichever are fewer.
 *
 * @throws `matrix.price` when Jacobian and matrix are more than this machine's memory
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
  const by = (side: Side, rows: Rows) => linearizer(r, parameters, scaling, side, rows, backend);
  const side = knobs <= r.size ? byKnobs : byResiduals;
  const bySample = rowsBySample(
    [r.node],
    parameters.map((p) => tensorOf(p).node),
  );
  if (bySample) {
    return by(side, { cost: { gradients: bySample.passes }, jacobian: () => new Tensor(bySample.rows) });
  }
  const forward = {
    cost: { derivatives: knobs },
    jacobian: (leaves: Tensor[]) => jacobian(r, leaves, { mode: "forward" }),
  };
  if (knobs <= r.size) return by(byKnobs, forward);
  try {
    const reverse = (leaves: Tensor[]) => jacobian(r, leaves, { mode: "reverse" });
    return by(byResiduals, { cost: { gradients: r.size }, jacobian: reverse });
  } catch (error) {
    // A loop without a limit has no reverse mode.
    if (error instanceof PondusError && error.code === "grad.unbounded") return by(byKnobs, forward);
    throw error;
  }
}

/** How the Jacobian is made, and at what price. */
interface Rows {
  readonly cost: Linearizer["cost"];
  readonly jacobian: (leaves: Tensor[]) => Tensor;
}

/** What differs between solving for the knobs and for the residuals. */
interface Side {
  /** The matrix of the equations, before it is damped. */
  matrix(j: Tensor, scale: Tensor): Tensor;
  /** What damping adds to its diagonal, in units of the damping. */
  held(scale: Float64Array, i: number): number;
  /** The answer to b, by what solves the damped equations. */
  answer(solve: (b: Float64Array) => Float64Array, j: Float64Array, scale: Float64Array, b: Float64Array): Float64Array;
}

const byKnobs: Side = {
  matrix: (j) => j.T.matmul(j),
  held: (scale, i) => scale[i],
  answer: (solve, j, _, b) => solve(transposed(j, b).map((x) => -x)),
};

const byResiduals: Side = {
  matrix: (j, scale) => j.div(scale).matmul(j.T),
  held: () => 1,
  answer: (solve, j, scale, b) => transposed(j, solve(b)).map((x, k) => -x / scale[k]),
};

function linearizer(
  r: Tensor,
  parameters: readonly Parameter[],
  scaling: Scaling,
  side: Side,
  rows: Rows,
  backend: BackendName | "auto" = "auto",
): Linearizer {
  const leaves = parameters.map(tensorOf);
  const shape = [parameters.reduce((n, p) => n + p.size, 0)];
  const influence = new Parameter({ name: "influence", shape, dtype: "float64", init: () => 0, trainable: false });
  influence.draw(0, 0);
  const program = compile(
    () => {
      const j = rows.jacobian(leaves);
      const squares = j.square().sum(0);
      const largest = tensorOf(influence).maximum(squares);
      const scale = scaleOf(largest, scaling);
      const gradient = r.unsqueeze(0).matmul(j);
      const outputs = { residuals: r, jacobian: j, squares, gradient, scale, matrix: side.matrix(j, scale) };
      return { ...outputs, updates: [{ parameter: influence, value: largest }] };
    },
    {},
    { backend },
  );
  return {
    cost: rows.cost,
    influence,
    load: () => program.load(),
    linearize: async () => {
      const results = await program.run();
      const data = (name: Exclude<keyof typeof results, "updates">) => results[name].data as Float64Array;
      const [residuals, j, matrix, scale] = [data("residuals"), data("jacobian"), data("matrix"), data("scale")];
      const size = results.matrix.shape[0];
      const answer = (damping: number) => {
        const a = matrix.slice();
        for (let i = 0; i < size; i++) a[i * size + i] += damping * side.held(scale, i);
        const solve = positiveSolver(a);
        return solve && ((b: Float64Array) => side.answer(solve, j, scale, b));
      };
      const length = (move: ArrayLike<number>) =>
        Math.sqrt(scale.reduce((sum, s, k) => sum + s * move[k] * move[k], 0));
      return { residuals, jacobian: j, cosine: cosineOf(data("gradient"), data("squares"), residuals), length, answer };
    },
  };
}

/** The diagonal of D, [n]. */
function scaleOf(influence: Tensor, scaling: Scaling): Tensor {
  return influence.maximum(influence.max().mul(scaling === "each" ? floor : 1));
}

function cosineOf(gradient: Float64Array, squares: Float64Array, residuals: Float64Array): number {
  const size = Math.sqrt(residuals.reduce((sum, x) => sum + x * x, 0));
  if (size === 0 && gradient.every((g) => g === 0)) return 0;
  return gradient.reduce((most, g, k) => Math.max(most, g === 0 ? 0 : Math.abs(g) / (Math.sqrt(squares[k]) * size)), 0);
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
    "matrix.price",
    `leastSquares: the Jacobian of ${formatWhole(residuals)} residuals by ${formatWhole(knobs)} knobs, and its matrix, take ` +
      `${formatSize(bytes)}, but this machine has ${formatSize(here)}; train with optim.lbfgs or optim.naturalGradient, which hold no matrix.`,
  );
}
