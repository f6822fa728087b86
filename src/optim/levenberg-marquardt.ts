import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { Parameter } from "../graph/parameter.ts";
import { sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { compile } from "../runtime/program.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Checkpoint, load, restore, save } from "./checkpoint.ts";
import { dampedStep } from "./damped-step.ts";
import { earlyStopping } from "./early-stopping.ts";
import { type Evaluations, evaluationCounter, gradientEquivalents } from "./evaluations.ts";
import type { FitResult } from "./fit.ts";
import { normalEquations, type Scaling } from "./normal-equations.ts";
import { breathe } from "./pace.ts";
import { type Progress, progressOf } from "./progress.ts";
import { uniqueNames } from "./unique-names.ts";
import { judgeOf, type Validation } from "./validation.ts";

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
  /**
   * In which units: "each" knob by its own influence, after Marquardt (default with no more knobs than residuals), or "all"
   * alike, after Levenberg (default with more knobs, most of which matter little and would run off).
   */
  scaling?: Scaling;
  /**
   * A loss on data that the residuals leave out, such as the mean square of their own residuals; evaluated after every
   * accepted step. With a patience, early stopping at the best weights.
   */
  validation?: Validation;
  /** How many of the residuals compare with data (default: all). */
  observations?: number;
  backend?: BackendName | "auto";
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** Continues from here, exactly. */
  resume?: Checkpoint;
}

/** As `fit` returns it; steps include refused ones, and the loss is the mean square of the residuals. */
export type LeastSquaresResult = FitResult;

/**
 * Nonlinear least squares by the damped Gauss-Newton method of Levenberg (Q. Appl. Math. 2, 164, 1944) and Marquardt
 * (J. SIAM 11, 431, 1963). Every step solves (J'J + damping D) d = -J'r from its smaller side: an accepted step
 * costs as many derivatives as there are knobs or residuals, whichever are fewer, and the matrix has as many rows. Right
 * for hundreds of either, not for a million of both. The step is bent as the residuals bend along it (see `dampedStep`),
 * and after a refused one the damping is doubled, after a good one divided by ten: it pays to raise it gently and lower it
 * boldly (Transtrum & Sethna, arXiv:1201.5885, 2012).
 *
 * The parameters keep the values of the lowest loss; with a validation and a patience, of the lowest validation.
 *
 * @throws `leastSquares.type` unless everything is float64, `leastSquares.start` when the loss is not finite at the
 *         starting values, `leastSquares.size` when the matrices are more than this machine's memory
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
  const counter = evaluationCounter("leastSquares");
  const all = [...parameters, damping, counter];
  const names = uniqueNames(all.map((p) => p.name));
  const named = new Map(names.map((name, i) => [name, all[i]]));
  const trained = new Map(names.slice(0, parameters.length).map((name, i) => [name, all[i]]));
  if (resume) restore(load(named, resume));
  const early = earlyStopping(options.validation?.patience, trained, resume);
  const judge = options.validation && judgeOf(options.validation, undefined, options.backend);

  const equations = normalEquations(residuals, parameters, options);
  const value = compile(
    () => ({ loss: residuals.square().mean(), residuals: residuals.flatten() }),
    {},
    { backend: options.backend },
  );
  await value.load();
  let here = await equations.linearize();
  const ready = performance.now();
  // What a resume computes again was counted before.
  if (!resume) count(counter, equations.cost);
  let loss = here.residuals.reduce((sum, x) => sum + x * x, 0) / here.residuals.length;
  if (!Number.isFinite(loss)) {
    const why = `the loss is ${loss} at the starting values; begin nearer to the data.`;
    throw new PondusError("leastSquares.start", `leastSquares: ${why}`, { exitCode: 1 });
  }
  const start = resume?.step ?? 0;
  let done = start;
  const history = [...(resume?.history ?? [])];
  const checkpoint = (): Checkpoint => {
    const { tensors, best } = early.saved();
    return { step: done, loss, tensors: { ...save(named), ...tensors }, history: [...history], best };
  };
  const record = async () => {
    const judgement = await judge?.judge(loss);
    const cost = gradientEquivalents({ step: done, tensors: save(named) });
    history.push({ step: done, loss, ...judgement, gradientEquivalents: cost });
    early.see(history[history.length - 1]);
  };
  if (!resume) await record();
  let stopped: LeastSquaresResult["stopped"] | undefined;
  while (!stopped) {
    if (done >= steps) stopped = "finished";
    else if (early.isOver(history)) stopped = "early";
    else if (signal?.aborted) stopped = "interrupted";
    else {
      const lambda = damping.read()[0];
      const before = parameters.map((p) => Float64Array.from(p.read()));
      const at = async (move: Float64Array) => {
        shift(parameters, before, move);
        count(counter, { losses: 1 });
        return value.run();
      };
      const step = await dampedStep(here, lambda, async (move) => (await at(move)).residuals.data as Float64Array);
      const tried = step ? (await at(step.move)).loss.item() : Number.NaN;
      done++;
      if (step && tried < loss) {
        const gain = (loss - tried) / (loss - step.predicted);
        if (loss - tried < tolerance * loss) stopped = "converged";
        loss = tried;
        damping.write([Math.max(lambda * held(gain), 1e-14)]);
        await record();
        here = await equations.linearize();
        count(counter, equations.cost);
      } else {
        for (const [i, p] of parameters.entries()) p.write(before[i]);
        damping.write([lambda * 2]);
        if (lambda > 1e12) stopped = "converged";
      }
      const stepsPerSecond = (done - start) / ((performance.now() - began) / 1000);
      onProgress?.(progressOf({ step: done, steps, loss, stepsPerSecond, checkpoint }, history, stopped !== undefined));
      await breathe();
    }
  }
  const last = checkpoint();
  return {
    stopped,
    steps: done,
    loss,
    history,
    checkpoint: last,
    bestStep: early.bestStep,
    restored: stopped !== "interrupted" && early.restore(),
    knobs: parameters.reduce((sum, p) => sum + p.size, 0),
    observations: options.observations ?? sizeOf(residuals.shape),
    seconds: (performance.now() - began) / 1000,
    stepping: (performance.now() - ready) / 1000,
  };
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

/**
 * What an accepted step makes of the damping, by the share of the predicted gain that came true: a tenth of it from 0.98 on,
 * the same at one half, more below (after Nielsen; Madsen, Nielsen & Tingleff, Methods for Non-Linear Least Squares
 * Problems, 2004, eq. 2.21, who stop at a third).
 */
function held(gain: number): number {
  return Math.max(1 / 10, 1 - (2 * gain - 1) ** 3);
}

function count(counter: Parameter, cost: Partial<Evaluations>): void {
  const { losses = 0, gradients = 0, derivatives = 0, products = 0 } = cost;
  const more = [losses, gradients, derivatives, products];
  counter.write(counter.read().map((n, i) => n + more[i]));
}

function trainableUnder(residuals: Tensor): Parameter[] {
  const found = topological([residuals.node]).flatMap((node) => (node.is("parameter") ? [node.attrs.parameter] : []));
  return found.filter((p) => p.trainable);
}

function shift(parameters: readonly Parameter[], from: readonly Float64Array[], move: Float64Array): void {
  let at = 0;
  for (const [i, p] of parameters.entries()) {
    p.write(from[i].map((x, j) => x + move[at + j]));
    at += p.size;
  }
}
