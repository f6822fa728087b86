import { handleEvents } from "#host/event-loop";
import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import { Parameter } from "../../graph/parameter.ts";
import { sizeOf } from "../../graph/shape.ts";
import { topological } from "../../graph/walk.ts";
import { compile } from "../../runtime/program.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type Evaluations, evaluationCounter, gradientEquivalents } from "../evaluations.ts";
import { refuseGroups } from "../parameter-groups.ts";
import { type Checkpoint, load, restore, save } from "../training/checkpoint.ts";
import { earlyStopping } from "../training/early-stopping.ts";
import type { FitResult } from "../training/fit.ts";
import { type Progress, progressOf } from "../training/progress.ts";
import { reasonOf } from "../training/reasons.ts";
import { judgeOf, type Validation } from "../training/validation.ts";
import { uniqueNames } from "../unique-names.ts";
import { bentStep } from "./bent-step.ts";
import { type Linearized, normalEquations, type Scaling } from "./normal-equations.ts";
import { type DampedStep, dampedStep, leastDamping, radiusAfter, stepWithin } from "./trust-region.ts";

export interface LeastSquaresOptions {
  /** What should become small: any shape, float64. Its mean square is the loss. */
  residuals: Tensor;
  /** Which knobs may move (default: every trainable parameter that the residuals depend on). */
  parameters?: readonly Parameter[];
  /** At most so many accepted or refused steps (default 100). */
  steps?: number;
  /**
   * Converged when a step lowers the loss, and was predicted to lower it, by no more than this fraction (default 1e-15; MINPACK
   * and SciPy: ftol).
   */
  tolerance?: number;
  /**
   * Converged when the trust region is no larger than this share of the parameters, or than what would change the residuals by
   * this share of them (default 1e-15; xtol).
   */
  stepTolerance?: number;
  /**
   * Converged when the cosine of the angle between the residuals and every column of their Jacobian is no larger (default 0, for
   * which only residuals of 0 count; gtol).
   */
  gradientTolerance?: number;
  /**
   * Of the first step (default: what makes it as long as the parameters, in units of their influence); raise it when the first
   * steps go astray.
   */
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

/**
 * As `fit` returns it; steps include refused ones, and the loss is the mean square of the residuals. "stalled": no step lowers
 * the loss, however short, though its gradient is not 0; the warning says so.
 */
export type LeastSquaresResult = FitResult;

/**
 * Nonlinear least squares by the damped Gauss-Newton method of Levenberg (Q. Appl. Math. 2, 164, 1944) and Marquardt
 * (J. SIAM 11, 431, 1963), with a trust region and a memory of scale as More (1978) and MINPACK's lmder have them. Every step
 * solves (J'J + damping D) d = -J'r from its smaller side: an accepted step costs as many derivatives as there are knobs or
 * residuals, whichever are fewer, and the matrix has as many rows. Right for hundreds of either, not for a million of both.
 * The step is bent as the residuals bend along it (see `bentStep`); where that lowers the loss by less than the straight lines
 * predict, the straight step is tried too, and the lower one taken.
 *
 * The parameters keep the values of the lowest loss; with a validation and a patience, of the lowest validation.
 *
 * @throws `optim.dtype` unless everything is float64, `leastSquares.start` when loss or derivatives are not finite at
 *         the starting values, `matrix.price` when the matrices are more than this machine's memory
 */
export async function leastSquares(options: LeastSquaresOptions): Promise<LeastSquaresResult> {
  const { residuals, steps = 100, signal, onProgress, resume } = options;
  const { tolerance = 1e-15, stepTolerance = 1e-15, gradientTolerance = 0 } = options;
  const parameters = options.parameters ?? trainableUnder(residuals);
  refuseGroups("leastSquares", options);
  requireFloat64(residuals, parameters);
  const began = performance.now();
  const equations = normalEquations(residuals, parameters, options);
  const region = state("region", 2);
  const counter = evaluationCounter("leastSquares");
  const all = [...parameters, region, equations.influence, counter];
  const names = uniqueNames(all.map((p) => p.name));
  const named = new Map(names.map((name, i) => [name, all[i]]));
  const trained = new Map(names.slice(0, parameters.length).map((name, i) => [name, all[i]]));
  if (resume) restore(load(named, resume));
  const early = earlyStopping(options.validation?.patience, trained, resume);
  const judge = options.validation && judgeOf(options.validation, undefined, options.backend);

  const value = compile(() => ({ residuals: residuals.flatten() }), {}, { backend: options.backend });
  await value.load();
  let here = await equations.linearize();
  const ready = performance.now();
  // What a resume computes again was counted before.
  if (!resume) count(counter, equations.cost);
  let loss = resume?.loss ?? meanSquare(here.residuals);
  if (!Number.isFinite(loss) || !Number.isFinite(here.cosine)) {
    const what = Number.isFinite(loss) ? "the derivative of the residuals is not finite" : `the loss is ${loss}`;
    const reason = reasonOf([residuals.node]);
    const why = `${what} at the starting values; ${reason ? `${reason} Or ` : ""}begin nearer to the data.`;
    throw new PondusError("leastSquares.start", `leastSquares: ${why}`, { exitCode: 1 });
  }
  const start = resume?.step ?? 0;
  let done = start;
  let ended = resume?.ended;
  const history = [...(resume?.history ?? [])];
  const checkpoint = (): Checkpoint => {
    const { tensors, best } = early.saved();
    const saved = { ...save(named), ...tensors };
    return { step: done, loss, tensors: saved, history: [...history], best, ...(ended && { ended }) };
  };
  const record = async () => {
    const judgement = await judge?.judge(loss);
    const cost = gradientEquivalents({ step: done, tensors: save(named) });
    history.push({ step: done, loss, ...judgement, gradientEquivalents: cost });
    early.see(history[history.length - 1]);
  };
  if (!resume) await record();
  if (here.cosine <= gradientTolerance) ended ??= "converged";
  const outcome = (): LeastSquaresResult["stopped"] | undefined => {
    if (ended) return ended;
    if (done >= steps) return "finished";
    if (early.isOver(history)) return "early";
    return signal?.aborted ? "interrupted" : undefined;
  };
  let stopped = outcome();
  while (!stopped) {
    const before = parameters.map((p) => Float64Array.from(p.read()));
    const lookAt = async (move: Float64Array) => {
      shift(parameters, before, move);
      count(counter, { losses: 1 });
      return (await value.run()).residuals.data as Float64Array;
    };
    const size = here.length(before.flatMap((values) => [...values]));
    const error = Math.sqrt(loss * here.residuals.length);
    const [radius, lastDamping] = region.read();
    const step = firstOrNext(here, { radius, damping: lastDamping, size: size || error }, options.damping);
    done++;
    // Undamped, and nothing to gain: the residuals stand at right angles to all that the knobs can do.
    const flat = step && step.damping <= leastDamping && step.predicted <= tolerance * loss;
    if (!step || flat) ended = step ? "converged" : "stalled";
    else {
      const found = await lowest(here, step, lookAt);
      const gain = found.gain / step.predicted;
      const next = radiusAfter(step, radius || step.length, gain, found.loss < 100 * loss);
      region.write([next, step.damping]);
      if (Math.max(Math.abs(found.gain), step.predicted) <= tolerance * loss && gain <= 2) ended = "converged";
      else if (next <= stepTolerance * (size + error)) {
        // Residuals as small as rounding point anywhere.
        const stuck = here.cosine > crooked && next <= rounding * (size + error) && error > rounding * size;
        ended = stuck ? "stalled" : "converged";
      }
      if (gain > 1e-4) {
        shift(parameters, before, found.move);
        loss = found.loss;
        await record();
        if (!ended) {
          here = await equations.linearize();
          count(counter, equations.cost);
          if (here.cosine <= gradientTolerance) ended = "converged";
        }
      } else for (const [i, p] of parameters.entries()) p.write(before[i]);
    }
    const stepsPerSecond = (done - start) / ((performance.now() - began) / 1000);
    onProgress?.(progressOf({ step: done, steps, loss, stepsPerSecond, checkpoint }, history, ended !== undefined));
    await handleEvents();
    stopped = outcome();
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
    ...(stopped === "stalled" && { warning: stalled }),
    seconds: (performance.now() - began) / 1000,
    stepping: (performance.now() - ready) / 1000,
  };
}

/** Steps as short as rounding that leave a larger cosine than this were not stopped by rounding. */
const rounding = 1e-12;
const crooked = 1e-3;
const stalled =
  "no step lowers the loss, however short, though its gradient is not 0: the residuals jump, have a kink or are not " +
  "finite nearby, or their derivative is wrong; begin elsewhere, or mend the model there";

/** As `stepWithin` gives it, but for the first step, whose damping may be given. */
function firstOrNext(
  here: Linearized,
  at: { readonly radius: number; readonly damping: number; readonly size: number },
  damping: number | undefined,
): DampedStep | undefined {
  if (at.radius > 0) return stepWithin(here, at.radius, at.damping);
  return damping === undefined ? stepWithin(here, at.size, 1e-2) : dampedStep(here, damping);
}

interface Trial {
  readonly move: Float64Array;
  readonly loss: number;
  /** How much lower the loss is. */
  readonly gain: number;
}

/** Where the bent step ends, or the straight one where that is lower and the bent one lowers the loss less than predicted. */
async function lowest(
  here: Linearized,
  step: DampedStep,
  residualsAt: (move: Float64Array) => Promise<Float64Array>,
): Promise<Trial> {
  const at = async (move: Float64Array): Promise<Trial> => {
    const there = await residualsAt(move);
    // Rounds less than the difference of two means.
    const gain = there.reduce((sum, r, i) => sum + (here.residuals[i] - r) * (here.residuals[i] + r), 0) / there.length;
    return { move, loss: meanSquare(there), gain };
  };
  const bent = await bentStep(here, step, residualsAt);
  const first = bent && (await at(bent));
  if (first && first.gain >= step.predicted) return first;
  const straight = await at(step.move);
  return first && !(straight.loss < first.loss) && Number.isFinite(first.loss) ? first : straight;
}

function meanSquare(residuals: Float64Array): number {
  return residuals.reduce((sum, x) => sum + x * x, 0) / residuals.length;
}

function requireFloat64(residuals: Tensor, parameters: readonly Parameter[]): void {
  const odd = parameters.find((p) => p.dtype !== "float64");
  if (residuals.dtype === "float64" && !odd) return;
  const came = odd ? `${odd.name} is ${odd.dtype}` : `the residuals are ${residuals.dtype}`;
  throw new PondusError(
    "optim.dtype",
    `leastSquares: residuals and parameters must be float64, but ${came}; make them with { dtype: "float64" }.`,
  );
}

/** [size], zeros at first. */
function state(name: string, size: number): Parameter {
  const parameter = new Parameter({ name, shape: [size], dtype: "float64", init: () => 0, trainable: false });
  parameter.draw(0, 0);
  return parameter;
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
