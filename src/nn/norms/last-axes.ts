import { PondusError } from "../../graph/errors.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, type Shape, sameShape } from "../../graph/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** The axes that a norm brings to one scale together: the last ones of what comes in, which have just these sizes. */
export interface LastAxes {
  /** How the norm was written: "layerNorm(8)". */
  readonly name: string;
  readonly sizes: Shape;
  /** As negative numbers: -1 is the last one. */
  readonly axes: readonly number[];
  /** Throws `layer.input` for a tensor with other last axes. */
  check(x: Tensor): void;
}

/** @throws `layer.size` unless sizes are whole numbers from 1, one at least; `layer.option` unless epsilon is a number from 0 */
export function lastAxes(kind: string, shape: number | Shape, epsilon: number): LastAxes {
  const sizes: Shape = typeof shape === "number" ? [shape] : shape;
  const name = `${kind}(${typeof shape === "number" ? shape : formatShape(shape)})`;
  if (sizes.length === 0 || !sizes.every((n) => Number.isInteger(n) && n > 0)) {
    throw new PondusError("layer.size", `${name}: it takes a whole number from 1 for each axis, and at least one.`);
  }
  if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) {
    throw new PondusError("layer.option", `${name}: epsilon must be a number from 0, but it is ${epsilon}.`);
  }
  const check = (x: Tensor) => {
    if (sameShape(x.shape.slice(-sizes.length), sizes)) return;
    throw new PondusError(
      "layer.input",
      `${name} normalizes the last axes ${formatShape(sizes)}, but ${formatShape(x.shape)} came` +
        `${describeOrigin(x.node.origin)}.`,
    );
  };
  return { name, sizes, axes: sizes.map((_, i) => -1 - i), check };
}
