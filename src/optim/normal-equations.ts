import { jacobian } from "../autodiff/index.ts";
import type { BackendName } from "../backends/backend.ts";
import { formatSize, formatWhole } from "../graph/bytes.ts";
import { PondusError } from "../graph/errors.ts";
import { memoryHere } from "../graph/memory-here.ts";
import type { Parameter } from "../graph/parameter.ts";
import { compile } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { solvePositive } from "./cholesky.ts";
import type { Evaluations } from "./evaluations.ts";
import { tensorOf } from "./optimizer.ts";

/** The least-squares problem near the present weights, as straight lines. */
export interface Linearized {
  /** Mean square of the residuals. */
  readonly loss: number;
  /** The step d of (J'J + damping D) d = -J'r; undefined when the matrix is not positive definite to rounding. */
  step(damping: number): Step | undefined;
}

export interface Step {
  /** Of all knobs, parameter after parameter. */
  readonly move: Float64Array;
  /** The loss there, were the residuals straight lines. */
  readonly predicted: number;
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
      return { loss: r.square().mean(), normal: j.T.matmul(j), gradient: j.T.matmul(r) };
    },
    {},
    { backend },
  );
  return {
    cost: { derivatives: n },
    linearize: async () => {
      const { loss, normal, gradient } = await program.run();
      let largest = 0;
      for (let i = 0; i < n; i++) largest = Math.max(largest, normal.data[i * n + i]);
      const least = largest * (scaling === "each" ? floor : 1);
      const step = (damping: number) => {
        const a = Float64Array.from(normal.data);
        for (let i = 0; i < n; i++) a[i * n + i] += damping * Math.max(a[i * n + i], least);
        const down = Float64Array.from(gradient.data, (g) => -g);
        const move = solvePositive(a, down);
        if (!move) return undefined;
        let change = 0;
        for (let i = 0; i < n; i++) {
          let bent = 0;
          for (let j = 0; j < n; j++) bent += normal.data[i * n + j] * move[j];
          change += move[i] * (bent - 2 * down[i]);
        }
        return { move, predicted: loss.item() + change / r.size };
      };
      return { loss: loss.item(), step };
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
      const rows = jacobian(r, leaves, { mode: "reverse" });
      const diagonal = rows.square().sum(0);
      const scale = diagonal.maximum(diagonal.max().mul(scaling === "each" ? floor : 1));
      const back = rows.div(scale);
      return { loss: r.square().mean(), residuals: r, matrix: back.matmul(rows.T), back };
    },
    {},
    { backend },
  );
  return {
    cost: { gradients: m },
    linearize: async () => {
      const { loss, residuals, matrix, back } = await program.run();
      const n = back.data.length / m;
      const step = (damping: number) => {
        const a = Float64Array.from(matrix.data);
        for (let i = 0; i < m; i++) a[i * m + i] += damping;
        const u = solvePositive(a, Float64Array.from(residuals.data));
        if (!u) return undefined;
        const move = new Float64Array(n);
        for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) move[j] -= back.data[i * n + j] * u[i];
        // What is left of the residuals is damping u.
        return { move, predicted: u.reduce((sum, x) => sum + (damping * x) ** 2, 0) / m };
      };
      return { loss: loss.item(), step };
    },
  };
}

function checkSize(knobs: number, residuals: number): void {
  const side = Math.min(knobs, residuals);
  const bytes = 8 * (knobs * residuals + side * side);
  const here = memoryHere();
  if (here === undefined || bytes <= here) return;
  throw new PondusError(
    "leastSquares.size",
    `leastSquares: the Jacobian of ${formatWhole(residuals)} residuals by ${formatWhole(knobs)} knobs, and its matrix, take ` +
      `${formatSize(bytes)}, but this machine has ${formatSize(here)}; train with optim.lbfgs or optim.natural, which hold no matrix.`,
  );
}
