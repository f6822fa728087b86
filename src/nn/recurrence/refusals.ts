import { type DType, isFloat } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, sameShape } from "../../graph/shape.ts";
import type { Tensors } from "../../tensor/control.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** Type, shape and place of what came. */
const described = (x: Tensor) => `${x.dtype} ${formatShape(x.shape)}${describeOrigin(x.node.origin)}`;

const isCount = (n: number) => Number.isInteger(n) && n > 0;

export function checkSizes(
  name: string,
  { inputs, hidden, layers, projection }: { inputs: number; hidden: number; layers: number; projection: number },
): void {
  const fail = (what: string) => new PondusError("layer.size", `${name}: ${what}.`);
  if (![inputs, hidden].every(isCount)) throw fail("both sizes must be whole numbers from 1");
  if (!isCount(layers)) throw fail(`layers must be a whole number from 1, but ${layers} came`);
  if (projection !== 0 && !(isCount(projection) && projection < hidden)) {
    throw fail(`projection must be a whole number from 1 to ${hidden - 1}, or 0 for none, but ${projection} came`);
  }
}

export function checkDropout(name: string, rate: number, layers: number): void {
  if (rate === 0 || layers > 1) return;
  throw new PondusError(
    "layer.option",
    `${name}: dropout is between layers, but there is only one; put nn.dropout(${rate}) behind it, or give more layers.`,
  );
}

export function checkInput(name: string, x: Tensor, inputs: number, dtype: DType): void {
  if (x.dtype === dtype && x.rank === 3 && x.shape[2] === inputs && x.shape[1] > 0) return;
  throw new PondusError(
    "layer.input",
    `${name}: expected ${dtype} [batch, time, ${inputs}], but ${described(x)} came${mending(x, inputs, dtype)}.`,
  );
}

function mending(x: Tensor, inputs: number, dtype: DType): string {
  const { shape } = x;
  if (x.dtype !== dtype) {
    return `; convert it by x.cast("${dtype}")${isFloat(x.dtype) ? `, or give the layer { dtype: "${x.dtype}" }` : ""}`;
  }
  if (x.rank === 3 && shape[2] === inputs) return "; there must be a step at least";
  if (x.rank === 3 && shape[1] === inputs) return "; features stand last, so turn it by x.transpose(1, 2)";
  if (x.rank === 2 && shape[1] === inputs) return "; x.unsqueeze(0) makes a batch of one sequence";
  return "; reshape it, or make a layer of as many inputs as there are features";
}

export function checkLengths(name: string, lengths: Tensor, batch: number): void {
  if (lengths.dtype === "int32" && sameShape(lengths.shape, [batch])) return;
  throw new PondusError(
    "recurrence.lengths",
    `${name}: lengths are the steps of each sequence, int32 [${batch}], but ${described(lengths)} came; ` +
      `make them by tensor([...], { dtype: "int32" }).`,
  );
}

export function checkState(
  name: string,
  state: Tensors,
  sizes: Readonly<Record<string, number>>,
  places: number,
  batch: number,
  dtype: DType,
): void {
  for (const [key, size] of Object.entries(sizes)) {
    const shape = [places, batch, size];
    const came = state[key];
    if (came?.dtype === dtype && sameShape(came.shape, shape)) continue;
    throw new PondusError(
      "recurrence.state",
      `${name}: expected ${dtype} ${formatShape(shape)} [layers * directions, batch, size] as ${key} of the state, but ` +
        `${came ? described(came) : "nothing"} came; give all of { ${Object.keys(sizes).join(", ")} }, or no state for zeros.`,
    );
  }
}
