import type { Tensor } from "../../tensor/tensor.ts";

/** How exact a solution shall be: a step's error may be atol + rtol |y|, in the root mean square over the state. */
export interface Tolerance {
  readonly rtol: number;
  readonly atol: number | Tensor;
  /** The axis of separate trajectories, each of which has its own error; without it there is one. */
  readonly batch: number | undefined;
  /** Of a state that is a list, how many of the first entries count; all without it. */
  readonly counted?: number;
  /** The parts along the first axis count each for itself, by the largest of their errors: a solution and its sensitivities. */
  readonly apart?: boolean;
}

/** What a change of the state may be, at the larger of two states. */
export function scaleOf({ rtol, atol }: Tolerance, y: Tensor, other: Tensor): Tensor {
  return y.abs().maximum(other.abs()).mul(rtol).add(atol);
}

/** The mean square of a state's entries: a scalar, or 1 along all axes but that of the trajectories. */
export function meanSquare({ batch, counted, apart }: Tolerance, x: Tensor): Tensor {
  const of = counted === undefined ? x : x.slice(0, counted);
  const axes = of.shape.flatMap((_, axis) => (axis === batch ? [] : [axis]));
  const own = apart ? axes.filter((axis) => axis > 0) : axes;
  const squares = of.square().mean(own, { keepDims: batch !== undefined });
  return apart ? squares.max(0, { keepDims: batch !== undefined }) : squares;
}

/** Its root. */
export const norm = (tolerance: Tolerance, x: Tensor): Tensor => meanSquare(tolerance, x).sqrt();
