import { PondusError } from "../../graph/errors.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { parametersUnder } from "../../graph/program.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { refuseGroups } from "../parameter-groups.ts";
import { type FitResult, requireCounts, runTraining, type TrainingOptions } from "../training/loop.ts";
import type { Validation } from "../training/validation.ts";
import { type LevenbergMarquardtOptions, levenbergMarquardt } from "./levenberg-marquardt.ts";

export interface LeastSquaresOptions extends TrainingOptions, LevenbergMarquardtOptions {
  /** What should become small: any shape, float64. Its mean square is the loss. */
  residuals: Tensor;
  /** Which knobs may move (default: every trainable parameter that the residuals depend on). */
  parameters?: readonly Parameter[];
  /** At most so many accepted or refused steps (default 100). */
  steps?: number;
  /** As `fit` has it, evaluated after every accepted step: such as the mean square of residuals that were left out. */
  validation?: Validation;
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
 * @throws `optim.option` unless `steps` is a whole number from 0, `optim.dtype` unless everything is float64,
 *         `leastSquares.start` when loss or derivatives are not finite at the starting values, `matrix.price` when the matrices are more than this machine's memory
 */
export async function leastSquares(options: LeastSquaresOptions): Promise<LeastSquaresResult> {
  const { residuals, steps = 100 } = options;
  const parameters = options.parameters ?? trainableUnder(residuals);
  requireCounts("leastSquares", { steps }, 0);
  refuseGroups("leastSquares", options);
  requireFloat64(residuals, parameters);
  return runTraining(() => levenbergMarquardt(residuals, parameters, options), { ...options, steps, recordEvery: 1 });
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

function trainableUnder(residuals: Tensor): Parameter[] {
  return [...parametersUnder([residuals.node])].filter((p) => p.trainable);
}
