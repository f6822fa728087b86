import { bytesOf } from "../../graph/dtype.ts";
import type { Axis, Kernel, Reduction, Scalar } from "../ir/kernel.ts";
import { type Machine, scaleOf } from "../ir/loop.ts";
import { collapse } from "../loops/collapse.ts";

export type Load = Extract<Scalar, { kind: "load" }>;

/** A product of two arrays: what `pack` understands of a kernel. */
export interface Product {
  readonly kernel: Kernel;
  readonly loops: readonly Axis[];
  /** Varies along `column`, the result's last axis, along which vectors lie. */
  readonly wide: Load;
  /** Does not, so that one element of it serves a whole vector. */
  readonly narrow: Load;
  readonly column: Axis;
  /** The axis along which a tile has rows: `wide` does not vary along it. */
  readonly row: Axis;
}

/** What a kernel multiplies and sums, if it does. */
export function productOf(given: Kernel, machine: Machine): Product | undefined {
  const { value, op } = given.reduction ?? {};
  if (given.scatter || op !== "sum" || value?.kind !== "apply" || value.op !== "mul") return undefined;
  if (!value.args.every((x) => x.kind === "load" && x.guards.length === 0 && !x.moving)) return undefined;
  const kernel = collapse(given);
  const factors = (kernel.reduction as Reduction & { value: typeof value }).value.args as Load[];
  const column = kernel.axes[kernel.axes.length - 1];
  if (!column || column.size * bytesOf[value.dtype] < machine.vectorBytes) return undefined;
  if (kernel.stores.some((s) => s.moving || scaleOf(s.at, column.index) !== 1)) return undefined;
  const wide = factors.find((x) => scaleOf(x.at, column.index) !== 0);
  const narrow = factors.find((x) => scaleOf(x.at, column.index) === 0);
  if (!wide || !narrow) return undefined;
  const row = kernel.axes
    .slice(0, -1)
    .reverse()
    .find((axis) => scaleOf(wide.at, axis.index) === 0);
  return row && { kernel, loops: kernel.reduction?.axes ?? [], wide, narrow, column, row };
}

export const lengthOf = (axes: readonly Axis[]) => axes.reduce((n, axis) => n * axis.size, 1);

/** How many rows use each vector of the wide operand. */
export const rowsOf = ({ kernel, wide }: Product) =>
  lengthOf(kernel.axes.filter((axis) => scaleOf(wide.at, axis.index) === 0));

/** The same with other operands. */
export function multiply(kernel: Kernel, narrow: Load, wide: Load): Kernel {
  const reduction = kernel.reduction as Reduction;
  return { ...kernel, reduction: { ...reduction, value: { ...reduction.value, args: [narrow, wide] } as Scalar } };
}
