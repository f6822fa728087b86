import { registerType } from "./apply.ts";
import type { Builder } from "./builder.ts";
import { fetchTerms } from "./fetch.ts";
import type { Axis, Reduction } from "./kernel.ts";
import type { Value } from "./loop.ts";
import { nest, overPieces, type Piece } from "./pieces.ts";
import { PointWriter, type Scope, type Shift } from "./point-writer.ts";

/**
 * The totals of some points, kept in registers through the reduction's loops. Where a piece of the innermost loop takes
 * several turns at a time, each has an accumulator of its own (so that one sum need not wait for the other); they are
 * added up at the end. `ahead` writes what comes before each turn of the loops around the innermost one.
 */
export function accumulate(
  b: Builder,
  reduction: Reduction,
  inner: Axis | undefined,
  pieces: readonly Piece[],
  points: readonly Shift[],
  scope: Scope,
  ahead: () => void = () => {},
): Value[] {
  const start = b.constant(registerType(reduction.value.dtype), scope.lanes, startOf(reduction));
  const sets = Math.max(1, ...pieces.map((p) => p.count));
  const totals = Array.from({ length: sets }, () => points.map(() => b.variable(start)));
  nest(
    b,
    reduction.axes.filter((axis) => axis !== inner),
    "in order",
    () => {
      ahead();
      overPieces(b, inner, pieces, "in order", (piece) => {
        const writer = new PointWriter(b, scope);
        if (inner && scope.vector !== inner.index) fetchTerms(b, reduction, points, inner, scope.vector);
        for (let turn = 0; turn < piece.count; turn++) {
          points.forEach((shift, k) => {
            const moved = inner && turn > 0 ? new Map([...shift, [inner.index, turn * piece.lanes]]) : shift;
            combine(b, reduction, writer, moved, totals[turn][k]);
          });
        }
      });
    },
  );
  return points.map((_, k) =>
    merge(
      b,
      reduction,
      totals.map((set) => set[k]),
    ),
  );
}

/** What a total is before anything was added. */
function startOf({ op, value }: Reduction): number {
  if (op === "sum") return 0;
  return value.dtype === "int32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
}

/** Several totals of one point as one, pairwise. */
export function merge(b: Builder, { op }: Pick<Reduction, "op">, totals: readonly Value[]): Value {
  if (totals.length === 1) return totals[0];
  const half = Math.ceil(totals.length / 2);
  const joined = totals.slice(0, half).map((x, i) => {
    const y = totals[half + i];
    return y ? b.op(op === "sum" ? "add" : "max", x, y) : x;
  });
  return merge(b, { op }, joined);
}

/** total = total + value (products fused in), or the larger of both. */
function combine(b: Builder, { op, value }: Reduction, writer: PointWriter, shift: Shift, total: Value): void {
  if (op === "sum" && value.kind === "apply" && value.op === "mul" && total.type !== "int32") {
    const [x, y] = value.args.map((arg) => writer.value(arg, shift));
    b.assign(total, b.op("fma", x, y, total));
  } else b.assign(total, b.op(op === "max" ? "max" : "add", total, writer.value(value, shift)));
}
