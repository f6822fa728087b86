import type { BackendName } from "../../backends/backend.ts";
import { isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { formatShape, sizeOf } from "../../graph/shape.ts";
import { compile } from "../../runtime/index.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** How a training is judged by data that it does not see. */
export interface Validation {
  /** One float: the loss on those data, evaluated at every record. */
  readonly loss: Tensor;
  /**
   * The training's part of the comparison, one float (default: the training loss itself). Give it where that holds more
   * than errors, such as a restraint on the weights, or is of a few samples at a time.
   */
  readonly train?: Tensor;
  /**
   * Stop early after so many records without improvement, and in the end, early or not, restore the weights that were
   * best. Without it, validation is recorded and changes nothing: weights that are chosen by data have seen them. `Infinity`
   * says so explicitly, also to `pondus train --patience`.
   */
  readonly patience?: number;
}

/** What one set of weights is worth on the data that they were trained on and on the others. */
export interface Judgement {
  /** The training's loss, at the same weights as `validation`. */
  readonly train: number;
  readonly validation: number;
  /** See `gapOf`. */
  readonly gap: number;
}

/** How much worse a model is on data that it has not seen: what it memorised, and the luck of the draw. */
export function gapOf({ train, validation }: Omit<Judgement, "gap">): number {
  return validation - train;
}

export interface Judge {
  load(): Promise<unknown>;
  /** At the present weights; `known` is the training's loss, where that need not be computed again. */
  judge(known: number): Promise<Judgement>;
}

/**
 * Evaluates both losses at the same weights, in one program.
 *
 * @param name   the function that was called, for errors
 * @param train  the training loss, in place of `validation.train`; undefined where the caller knows it each time
 * @throws `train.validation` when either is not one float, `optim.option` when the patience is no count
 */
export function judgeOf(
  name: string,
  validation: Validation,
  train: Tensor | undefined,
  backend: BackendName | "auto" | undefined,
): Judge {
  const { loss, patience } = validation;
  if (patience !== undefined && !((Number.isInteger(patience) || patience === Infinity) && patience > 0)) {
    const wanted = "a whole number of records from 1, or Infinity to record alone";
    throw new PondusError("optim.option", `${name}: patience must be ${wanted}, but ${patience} came.`);
  }
  const compared = validation.train ?? train;
  oneFloat(`${name}: validation.loss`, loss);
  if (validation.train !== undefined) oneFloat(`${name}: validation.train`, validation.train);
  const program = compile(() => ({ validation: loss, ...(compared && { train: compared }) }), {}, { backend });
  return {
    load: () => program.load(),
    judge: async (known) => {
      const values = await program.run();
      const both = { train: values.train?.item() ?? known, validation: values.validation.item() };
      return { ...both, gap: gapOf(both) };
    },
  };
}

function oneFloat(what: string, loss: unknown): void {
  if (loss instanceof Tensor && sizeOf(loss.shape) === 1 && isFloat(loss.dtype)) return;
  const came = loss instanceof Tensor ? `${loss.dtype} ${formatShape(loss.shape)}` : `a ${typeof loss}`;
  throw new PondusError("train.validation", `${what} should be a tensor of one float, but ${came} came.`);
}
