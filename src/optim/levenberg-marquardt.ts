import { jvp } from "../autodiff/index.ts";
import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/node.ts";
import { Parameter } from "../graph/parameter.ts";
import { sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { compile } from "../runtime/program.ts";
import { scan } from "../tensor/control.ts";
import { eye } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type Checkpoint, load, restore, save, type TrainingRecord } from "./checkpoint.ts";
import { solvePositive } from "./cholesky.ts";
import type { Progress } from "./fit.ts";
import { breathe } from "./pace.ts";
import { uniqueNames } from "./unique-names.ts";

export interface LeastSquaresOptions {
  /** What should become small: any shape, float64. Its mean square is the loss. */
  residuals: Tensor;
  /** Which knobs may move (default: every trainable parameter that the residuals depend on). */
  parameters?: readonly Parameter[];
  /** At most so many accepted or refused steps (default 100). */
  steps?: number;
  /** Stop when the loss falls by less than this fraction in one step (default 1e-13). */
  tolerance?: number;
  /** How strongly the first step is held back (default 0.01); raise it when the first steps go astray. */
  damping?: number;
  backend?: BackendName | "auto";
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Continues from here, exactly. */
  resume?: Checkpoint;
}

export interface LeastSquaresResult {
  readonly stopped: "converged" | "finished" | "interrupted";
  /** Steps taken, refused ones included. */
  readonly steps: number;
  /** Mean square of the residuals. */
  readonly loss: number;
  readonly history: readonly TrainingRecord[];
  readonly checkpoint: Checkpoint;
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
  requireFloat64(residuals, parameters);
  const began = performance.now();
  const damping = new Parameter({
    name: "damping",
    shape: [],
    dtype: "float64",
    init: () => options.damping ?? 1e-2,
    trainable: false,
  });
  damping.draw(0, 0);
  const all = [...parameters, damping];
  const names = uniqueNames(all.map((p) => p.name));
  const named = new Map(names.map((name, i) => [name, all[i]]));
  if (resume) restore(load(named, resume));

  const { slope, value } = programs(residuals, parameters, options.backend);
  let here = await slope.run();
  let loss = here.loss.item();
  if (!Number.isFinite(loss)) {
    const why = `the loss is ${loss} at the starting values; begin nearer to the data.`;
    throw new PondusError("leastSquares.start", `leastSquares: ${why}`, { exitCode: 1 });
  }
  const start = resume?.step ?? 0;
  let done = start;
  const history = [...(resume?.history ?? [{ step: 0, loss }])];
  const checkpoint = (): Checkpoint => ({ step: done, loss, tensors: save(named), history: [...history] });
  let stopped: LeastSquaresResult["stopped"] | undefined;
  while (!stopped) {
    if (done >= steps) stopped = "finished";
    else if (signal?.aborted) stopped = "interrupted";
    else {
      const lambda = damping.read()[0];
      const before = parameters.map((p) => Float64Array.from(p.read()));
      const move = dampedStep(here.normal.data, here.gradient.data, lambda);
      if (move) shift(parameters, before, move);
      const tried = move ? (await value.run()).loss.item() : Number.NaN;
      done++;
      if (tried < loss) {
        if (loss - tried < tolerance * loss) stopped = "converged";
        loss = tried;
        damping.write([Math.max(lambda / 3, 1e-14)]);
        here = await slope.run();
        history.push({ step: done, loss });
      } else {
        for (const [i, p] of parameters.entries()) p.write(before[i]);
        damping.write([lambda * 4]);
        if (lambda > 1e12) stopped = "converged";
      }
      const stepsPerSecond = (done - start) / ((performance.now() - began) / 1000);
      onProgress?.({
        step: done,
        // Having converged it goes no further.
        steps: stopped ? done : steps,
        loss,
        stepsPerSecond,
        secondsLeft: stopped ? 0 : (steps - done) / stepsPerSecond,
        checkpoint,
      });
      await breathe();
    }
  }
  const seconds = (performance.now() - began) / 1000;
  return { stopped, steps: done, loss, history, checkpoint: checkpoint(), seconds };
}

function requireFloat64(residuals: Tensor, parameters: readonly Parameter[]): void {
  const odd = parameters.find((p) => p.dtype !== "float64");
  if (residuals.dtype === "float64" && !odd) return;
  const came = odd ? `${odd.name} is ${odd.dtype}` : `the residuals are ${residuals.dtype}`;
  throw new PondusError(
    "leastSquares.type",
    `leastSquares: residuals and parameters must be float64, but ${came}; make them with { dtype: "float64" }.`,
  );
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
