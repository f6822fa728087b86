import { jvp } from "../autodiff/index.ts";
import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { compile } from "../runtime/program.ts";
import { scan } from "../tensor/control.ts";
import { eye } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import { solvePositive } from "./cholesky.ts";

export interface LeastSquaresOptions {
  /** What should become small: any shape, float64. Its mean square is the loss. */
  residuals: Tensor;
  /** Which knobs may move (default: every trainable parameter that the residuals depend on). */
  parameters?: readonly Parameter[];
  /** At most so many accepted or refused steps (default 100). */
  steps?: number;
  /** Stop when the loss falls by less than this fraction in one step (default 1e-13). */
  tolerance?: number;
  backend?: BackendName | "auto";
  signal?: AbortSignal;
  onProgress?: (progress: { step: number; steps: number; loss: number }) => void;
  /** Where an interrupted fit stood. */
  resume?: LeastSquaresState;
}

/** All that the method carries from step to step, beside the parameters themselves. */
export interface LeastSquaresState {
  readonly step: number;
  readonly damping: number;
  readonly history: readonly { step: number; loss: number }[];
}

export interface LeastSquaresResult extends LeastSquaresState {
  readonly stopped: "converged" | "finished" | "interrupted";
  /** Mean square of the residuals. */
  readonly loss: number;
  readonly seconds: number;
}

/**
 * Nonlinear least squares by the damped Gauss-Newton method of Levenberg (Q. Appl. Math. 2, 164, 1944) and Marquardt
 * (J. SIAM 11, 431, 1963). Every step solves (J'J + damping * diag J'J) d = -J'r, so it costs as many forward
 * derivatives as there are knobs: right for hundreds of them, not for millions.
 *
 * The parameters keep the best values found.
 *
 * @throws `leastSquares.type` unless everything is float64, `leastSquares.start` when the loss is not finite at the
 *         starting values
 */
export async function leastSquares(options: LeastSquaresOptions): Promise<LeastSquaresResult> {
  const { residuals, steps = 100, tolerance = 1e-13, signal, onProgress, resume } = options;
  const parameters = options.parameters ?? trainableUnder(residuals);
  const odd = [residuals, ...parameters].find((x) => x.dtype !== "float64");
  if (odd) {
    throw new PondusError(
      "leastSquares.type",
      `leastSquares: residuals and parameters must be float64, but ${"name" in odd ? `${odd.name} is` : "the residuals are"} ${odd.dtype}.`,
    );
  }
  const { slope, value } = programs(residuals, parameters, options.backend);
  const began = performance.now();
  const history = [...(resume?.history ?? [])];
  let { step, damping } = resume ?? { step: 0, damping: 1e-3 };
  let here = await slope.run();
  let loss = here.loss.item();
  if (!Number.isFinite(loss)) {
    throw new PondusError("leastSquares.start", `leastSquares: the loss is ${loss} at the starting values.`, {
      exitCode: 1,
    });
  }
  if (history.length === 0) history.push({ step, loss });
  const result = (stopped: LeastSquaresResult["stopped"]): LeastSquaresResult => {
    const seconds = (performance.now() - began) / 1000;
    return { stopped, step, loss, damping, history, seconds };
  };
  while (step < steps) {
    if (signal?.aborted) return result("interrupted");
    const old = parameters.map((p) => Float64Array.from(p.read()));
    const move = dampedStep(here.normal.data, here.gradient.data, damping);
    step++;
    if (move) shift(parameters, old, move);
    const tried = move ? (await value.run()).loss.item() : Number.NaN;
    if (tried < loss) {
      const gain = (loss - tried) / loss;
      loss = tried;
      damping = Math.max(damping / 3, 1e-14);
      here = await slope.run();
      history.push({ step, loss });
      onProgress?.({ step, steps, loss });
      if (gain < tolerance) return result("converged");
    } else {
      for (const [i, p] of parameters.entries()) p.write(old[i]);
      damping *= 4;
      if (damping > 1e12) return result("converged");
    }
    await breathe();
  }
  return result("finished");
}

function programs(residuals: Tensor, parameters: readonly Parameter[], backend: BackendName | "auto" = "auto") {
  const r = residuals.flatten();
  const knobs = parameters.map((p) => new Tensor(make("parameter", [], { parameter: p })));
  const count = parameters.reduce((n, p) => n + p.size, 0);
  const slope = compile(
    () => {
      // One row of J' per knob: the residuals' change along that knob's own direction.
      const rows = scan({}, (_, { v }) => ({ carry: {}, out: { row: jvp(r, knobs, split(v, parameters)) } }), {
        xs: { v: eye(count, "float64") },
      }).out.row;
      return { loss: r.square().mean(), normal: rows.matmul(rows.T), gradient: rows.matmul(r) };
    },
    {},
    { backend },
  );
  return { slope, value: compile(() => ({ loss: r.square().mean() }), {}, { backend }) };
}

/** One long vector as pieces in the parameters' shapes. */
function split(v: Tensor, parameters: readonly Parameter[]): Tensor[] {
  let at = 0;
  return parameters.map((p) => {
    const from = at;
    at += sizeOf(p.shape);
    return v.slice(0, from, at).reshape(p.shape);
  });
}

function trainableUnder(residuals: Tensor): Parameter[] {
  const found = topological([residuals.node]).flatMap((node) => (node.is("parameter") ? [node.attrs.parameter] : []));
  return found.filter((p) => p.trainable);
}

/** Undefined when the damped matrix is not positive definite to rounding. */
function dampedStep(normal: ArrayLike<number>, gradient: ArrayLike<number>, damping: number): Float64Array | undefined {
  const n = gradient.length;
  const a = Float64Array.from(normal);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, a[i * n + i]);
  // A knob that nothing depends on has a zero on the diagonal; the floor keeps it where it is.
  for (let i = 0; i < n; i++) a[i * n + i] += damping * Math.max(a[i * n + i], 1e-12 * largest);
  return solvePositive(
    a,
    Float64Array.from(gradient, (g) => -g),
  );
}

function shift(parameters: readonly Parameter[], from: readonly Float64Array[], move: Float64Array): void {
  let at = 0;
  for (const [i, p] of parameters.entries()) {
    p.write(from[i].map((x, j) => x + move[at + j]));
    at += p.size;
  }
}

/** Lets signals and timers in. */
const breathe = () => new Promise<void>((resume) => setTimeout(resume, 0));
