import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { formatShape, type Shape, sameShape } from "../../graph/shape.ts";
import type { StoredTensor, TensorFile } from "../../io/safetensors.ts";
import type { Occurrence } from "../model.ts";

/**
 * Which way round a file keeps weights: as the model has them, or as PyTorch has those of the same layers. They differ in
 * the weights of dense layers, [inputs, outputs] here and [outputs, inputs] there.
 */
export type WeightLayout = "pondus" | "pytorch";

/** A weight's tensor in a file, or that of a file as the weight has it: transposing is its own inverse. */
export function transposedFor(layout: WeightLayout, { transposed }: Occurrence, stored: StoredTensor): StoredTensor {
  if (layout !== "pytorch" || !transposed) return stored;
  return { shape: transposedShape(stored.shape), dtype: stored.dtype, data: transposedData(stored) };
}

function transposedShape(shape: Shape): Shape {
  return shape.length < 2 ? shape : [...shape.slice(0, -2), ...shape.slice(-2).reverse()];
}

/** The numbers of matrices with rows as columns. */
function transposedData({ shape, dtype, data }: StoredTensor): TypedArray {
  if (shape.length < 2) return data;
  const [rows, columns] = shape.slice(-2);
  const size = rows * columns;
  const out = allocate(dtype, data.length);
  for (let start = 0; start < data.length; start += size) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) out[start + j * rows + i] = data[start + i * columns + j];
    }
  }
  return out;
}

/**
 * The layout that a file is to be read in: the one that it says, which Pondus writes into each; else the one that is asked
 * for. Without either it is the model's own, as long as shapes would tell when it is not.
 *
 * @throws `weights.layout` when the file says another than is asked for, or when it is not given and cannot be told
 */
export function layoutOf(
  { metadata }: TensorFile,
  places: readonly Occurrence[],
  asked: WeightLayout | undefined,
  path: string,
): WeightLayout {
  checkLayout(asked);
  const said = saidLayout(metadata);
  if (said && asked && said !== asked) {
    const whose = said === "pytorch" ? "PyTorch's layout" : "Pondus' own layout";
    throw new PondusError(
      "weights.layout",
      `${path} was written in ${whose}, so it cannot be read with { layout: "${asked}" }; leave the layout out.`,
    );
  }
  const layout = said ?? asked;
  if (layout) return layout;
  const either = places.find(({ transposed, weight }) => transposed && fitsBothWays(weight.shape));
  if (!either) return "pondus";
  throw new PondusError(
    "weights.layout",
    `${path} does not say which way round it keeps weights, and "${either.name}", ${formatShape(either.weight.shape)}, would ` +
      'fit both ways; say { layout: "pytorch" } when PyTorch wrote it, [outputs, inputs], or { layout: "pondus" } when it ' +
      "is [inputs, outputs].",
  );
}

export function checkLayout(asked: WeightLayout | undefined): void {
  if (asked === undefined || asked === "pondus" || asked === "pytorch") return;
  throw new PondusError("weights.layout", `layout: expected "pytorch" or "pondus", but ${JSON.stringify(asked)} came.`);
}

function saidLayout({ layout, constraints }: TensorFile["metadata"]): WeightLayout | undefined {
  if (layout === "pytorch" || layout === "pondus") return layout;
  // No other program writes knobs apart from what rebuilds the weights.
  return constraints === undefined ? undefined : "pondus";
}

function fitsBothWays(shape: Shape): boolean {
  const [rows, columns] = shape.slice(-2);
  return shape.length > 1 && rows === columns && rows > 1;
}

/** What to do about a tensor that does not fit, where the other layout would mend that. */
export function layoutAdvice(layout: WeightLayout, { transposed, weight }: Occurrence, found: StoredTensor) {
  const other = layout === "pytorch" ? weight.shape : transposedShape(weight.shape);
  if (!transposed || !sameShape(found.shape, other)) return undefined;
  return layout === "pytorch"
    ? 'that is the model\'s own way round: leave out { layout: "pytorch" }'
    : 'that is PyTorch\'s way round: read it with { layout: "pytorch" }';
}

/** Batches that PyTorch's batch normalization has seen, which it counts beside its running statistics. */
export function isBatchCount(name: string, { dtype, shape }: StoredTensor): boolean {
  return dtype === "int32" && shape.length === 0 && /(^|\.)num_batches_tracked$/.test(name);
}
