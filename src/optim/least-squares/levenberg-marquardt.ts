import type { BackendName } from "../../backends/backend.ts";
import { PondusError } from "../../graph/errors.ts";
import { Parameter } from "../../graph/parameter.ts";
import { sizeOf } from "../../graph/shape.ts";
import { compile } from "../../runtime/compile.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { count, evaluationCounter, evaluationsOf, inGradients } from "../evaluations.ts";
import { reasonOf } from "../training/reasons.ts";
import type { Stepper, StepResult } from "../training/stepper.ts";
import { uniqueNames } from "../unique-names.ts";
import { type Linearized, normalEquations, type Scaling } from "./normal-equations.ts";
import { lowest, meanSquare } from "./trial.ts";
import { type DampedStep, dampedStep, leastDamping, radiusAfter, stepWithin } from "./trust-region.ts";

export interface LevenbergMarquardtOptions {
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
  /** How many of the residuals compare with data (default: all). */
  observations?: number;
  readonly backend?: BackendName | "auto";
}

/** Steps of Levenberg and Marquardt, one in a call: see `leastSquares`. */
export function levenbergMarquardt(
  residuals: Tensor,
  parameters: readonly Parameter[],
  options: LevenbergMarquardtOptions,
): Stepper {
  const { tolerance = 1e-15, stepTolerance = 1e-15, gradientTolerance = 0 } = options;
  const equations = normalEquations(residuals, parameters, options);
  const value = compile(() => ({ residuals: residuals.flatten() }), {}, { backend: options.backend });
  const region = state("region", 2);
  const counter = evaluationCounter("leastSquares");
  const all = [...parameters, region, equations.influence, counter];
  const names = uniqueNames(all.map((p) => p.name));
  const named = names.map((name, i) => [name, all[i]] as const);
  let here: Linearized;
  let loss: number;

  const converged = () => (here.cosine <= gradientTolerance ? "converged" : undefined);
  const cost = () => inGradients(evaluationsOf(counter));

  /** One step: how it ended the training, if it did, and whether it was refused. */
  const step = async () => {
    const before = parameters.map((p) => Float64Array.from(p.read()));
    const lookAt = async (move: Float64Array) => {
      shift(parameters, before, move);
      count(counter, { losses: 1 });
      return (await value.run()).residuals.data as Float64Array;
    };
    const size = here.length(before.flatMap((values) => [...values]));
    const error = Math.sqrt(loss * here.residuals.length);
    const [radius, lastDamping] = region.read();
    const next = firstOrNext(here, { radius, damping: lastDamping, size: size || error }, options.damping);
    // Undamped, and nothing to gain: the residuals stand at right angles to all that the knobs can do.
    const flat = next && next.damping <= leastDamping && next.predicted <= tolerance * loss;
    if (!next || flat) return { refused: true, ended: next ? "converged" : "stalled" } as const;
    const found = await lowest(here, next, lookAt);
    const gain = found.gain / next.predicted;
    const wider = radiusAfter(next, radius || next.length, gain, found.loss < 100 * loss);
    region.write([wider, next.damping]);
    let ended: StepResult["ended"];
    if (Math.max(Math.abs(found.gain), next.predicted) <= tolerance * loss && gain <= 2) ended = "converged";
    else if (wider <= stepTolerance * (size + error)) {
      // Residuals as small as rounding point anywhere.
      const stuck = here.cosine > crooked && wider <= rounding * (size + error) && error > rounding * size;
      ended = stuck ? "stalled" : "converged";
    }
    if (!(gain > 1e-4)) {
      for (const [i, p] of parameters.entries()) p.write(before[i]);
      return { refused: true, ended };
    }
    shift(parameters, before, found.move);
    loss = found.loss;
    const gradientEquivalents = cost();
    if (!ended) {
      here = await equations.linearize();
      count(counter, equations.cost);
      ended = converged();
    }
    return { ended, gradientEquivalents };
  };

  return {
    name: "leastSquares",
    named: new Map(named),
    trained: new Map(named.slice(0, parameters.length)),
    lossToJudge: undefined,
    knobs: parameters.reduce((sum, p) => sum + p.size, 0),
    observations: options.observations ?? sizeOf(residuals.shape),
    canDiverge: false,
    load: () => Promise.all([value.load(), equations.load()]),
    async begin(resume) {
      here = await equations.linearize();
      // What a resume computes again was counted before.
      if (!resume) count(counter, equations.cost);
      loss = resume?.loss ?? meanSquare(here.residuals);
      if (!Number.isFinite(loss) || !Number.isFinite(here.cosine)) throw badStart(loss, residuals);
      return { loss, ended: converged(), gradientEquivalents: cost() };
    },
    async run() {
      const began = performance.now();
      const result = await step();
      return { loss, taken: 1, seconds: (performance.now() - began) / 1000, ...result };
    },
    warning: ({ stopped }) => (stopped === "stalled" ? stalled : undefined),
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

function badStart(loss: number, residuals: Tensor): PondusError {
  const what = Number.isFinite(loss) ? "the derivative of the residuals is not finite" : `the loss is ${loss}`;
  const reason = reasonOf([residuals.node]);
  const why = `${what} at the starting values; ${reason ? `${reason} Or ` : ""}begin nearer to the data.`;
  return new PondusError("leastSquares.start", `leastSquares: ${why}`, { exitCode: 1 });
}

/** [size], zeros at first. */
function state(name: string, size: number): Parameter {
  const parameter = new Parameter({ name, shape: [size], dtype: "float64", init: () => 0, trainable: false });
  parameter.draw(0, 0);
  return parameter;
}

function shift(parameters: readonly Parameter[], from: readonly Float64Array[], move: Float64Array): void {
  let at = 0;
  for (const [i, p] of parameters.entries()) {
    p.write(from[i].map((x, j) => x + move[at + j]));
    at += p.size;
  }
}
