import type { DType, TypedArray } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { formatShape, type Shape, sameShape } from "../../graph/shape.ts";

/** One point of a training's history. */
export interface TrainingRecord {
  readonly step: number;
  /** The loss that this step computed, with the weights that it found. */
  readonly loss: number;
  /** With a validation loss: the training's loss, validation and what lies between, at the weights that it left. */
  readonly train?: number;
  readonly validation?: number;
  readonly gap?: number;
  /** What it cost to come to that loss, where the optimizer counts it (see `gradientEquivalents`). */
  readonly gradientEquivalents?: number;
}

export interface SavedTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

/** All that a training needs to go on as if it had never stopped. */
export interface Checkpoint {
  /** Steps taken. */
  readonly step: number;
  /** The last step's loss. */
  readonly loss: number;
  /** The first step's. */
  readonly firstLoss?: number;
  /** Parameters and optimizer state by name, and the best parameters as "best/<name>". */
  readonly tensors: Readonly<Record<string, SavedTensor>>;
  readonly history: readonly TrainingRecord[];
  /** How the last step ended the training, where it did for good: a resume takes no other. */
  readonly ended?: "converged" | "stalled";
  readonly best?: { readonly step: number; readonly validation: number };
}

/** Copies of values, by parameter. */
export type Snapshot = ReadonlyMap<Parameter, TypedArray>;

/**
 * The present values.
 *
 * @param spare  a snapshot of the same parameters that is no longer needed: its memory is used again
 */
export function capture(parameters: Iterable<Parameter>, spare?: Snapshot): Snapshot {
  return new Map(
    [...parameters].map((p) => {
      const values = spare?.get(p);
      values?.set(p.peek());
      return [p, values ?? p.peek().slice()];
    }),
  );
}

export function restore(snapshot: Snapshot): void {
  for (const [parameter, values] of snapshot) parameter.write(values);
}

/** A checkpoint's tensors: the present values, or those in `values`. */
export function save(
  named: ReadonlyMap<string, Parameter>,
  prefix = "",
  values?: Snapshot,
): Record<string, SavedTensor> {
  const entries = [...named].map(([name, p]) => {
    const saved: SavedTensor = { shape: p.shape, dtype: p.dtype, data: (values?.get(p) ?? p.peek()).slice() };
    return [prefix + name, saved] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * The values in a checkpoint for these parameters.
 *
 * @throws `train.resume` when one is missing or of another type: the checkpoint is of another model or optimizer
 */
export function load(named: ReadonlyMap<string, Parameter>, checkpoint: Checkpoint, prefix = ""): Snapshot {
  const values = new Map<Parameter, TypedArray>();
  for (const [name, p] of named) {
    const saved = checkpoint.tensors[prefix + name];
    if (!saved || !sameShape(saved.shape, p.shape) || saved.dtype !== p.dtype) {
      const came = saved ? `${saved.dtype} ${formatShape(saved.shape)}` : "nothing of that name";
      throw new PondusError(
        "train.resume",
        `resume: ${prefix}${name} should be ${p.dtype} ${formatShape(p.shape)}, but the checkpoint holds ${came}; ` +
          "resume with the model and the optimizer that it was made with.",
      );
    }
    values.set(p, saved.data.slice());
  }
  return values;
}

export function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}
