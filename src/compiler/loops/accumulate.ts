import { leastOf } from "../../graph/dtype.ts";
import type { Builder } from "../ir/builder.ts";
import type { Axis, Reduction } from "../ir/kernel.ts";
import type { Affine, Index, Value } from "../ir/loop.ts";
import { registerType } from "../math/apply.ts";
import { fetchTerms } from "./fetch.ts";
import { type Block, begin, blocksOf, type Level, levelsOf, put, type Span, take, wholeOf } from "./partial-sums.ts";
import { cut, nest, overPieces } from "./pieces.ts";
import { PointWriter, type Scope, type Shift } from "./point-writer.ts";

/** What stands for a position when loops were cut. */
export type Change = (a: Affine) => Affine;

/** Writes what comes before each iteration of the loops around the innermost one. */
type Ahead = (change: Change) => void;

/**
 * The totals of some points, kept in registers through the reduction's loops. Where a piece of the innermost loop takes
 * several iterations at a time, each has an accumulator of its own (so that one sum need not wait for the other); they are
 * added up at the end, or at the end of each block of a long sum (partial-sums.ts).
 */
export function accumulate(
  b: Builder,
  reduction: Reduction,
  inner: Axis | undefined,
  span: Span,
  points: readonly Shift[],
  scope: Scope,
  fresh: () => Index,
  ahead: Ahead = () => {},
): Value[] {
  const write = (block: Block, levels: readonly Level[]): Value[] => {
    const [level, ...finer] = levels;
    if (!level) return sumUp(b, block, inner, points, scope, ahead);
    const blocks = blocksOf(block, level.terms, fresh);
    if (blocks.length === 1 && blocks[0] === block) return write(block, finer);
    const totals = points.map(() => begin(b, startOf(b, reduction, scope), level.exact));
    for (const part of blocks) {
      nest(b, part.outer, "in order", () => {
        for (const [k, sum] of write(part, finer).entries()) put(b, totals[k], sum);
      });
    }
    return totals.map((total) => take(b, total));
  };
  return write(wholeOf(reduction, inner, span), levelsOf(reduction, points.length));
}

function sumUp(
  b: Builder,
  block: Block,
  whole: Axis | undefined,
  points: readonly Shift[],
  given: Scope,
  ahead: Ahead,
): Value[] {
  const { reduction, inner, span } = block;
  const isAlong = whole !== undefined && given.vector === whole.index;
  const scope = isAlong ? { ...given, vector: inner?.index } : given;
  const pieces = inner ? cut(span.from, span.to, span.lanes, span.unrolled) : [];
  const start = startOf(b, reduction, scope);
  const sets = Math.max(1, ...pieces.map((p) => p.count));
  const totals = Array.from({ length: sets }, () => points.map(() => b.variable(start)));
  nest(
    b,
    reduction.axes.filter((axis) => axis !== inner),
    "in order",
    () => {
      ahead(block.change);
      overPieces(b, inner, pieces, "in order", (piece) => {
        const writer = new PointWriter(b, scope);
        if (inner && whole && scope.vector !== inner.index) fetchTerms(b, block, whole.size, points, scope.vector);
        for (let copy = 0; copy < piece.count; copy++) {
          points.forEach((shift, k) => {
            const moved = inner && copy > 0 ? new Map([...shift, [inner.index, copy * piece.lanes]]) : shift;
            combine(b, reduction, writer, moved, totals[copy][k]);
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
function startOf(b: Builder, { op, value }: Reduction, { lanes }: Scope): Value {
  return b.constant(registerType(value.dtype), lanes, op === "sum" ? 0 : leastOf(value.dtype));
}

/** Several totals of one point as one, pairwise. */
export function merge(b: Builder, { op }: Pick<Reduction, "op">, totals: readonly Value[]): Value {
  if (totals.length === 1) return totals[0];
  const half = Math.ceil(totals.length / 2);
  const joined = totals.slice(0, half).map((x, i) => {
    const y = totals[half + i];
    return y ? b.op(op === "sum" ? "add" : "maximum", x, y) : x;
  });
  return merge(b, { op }, joined);
}

/** total = total + value (products fused in), or the larger of both. */
function combine(b: Builder, { op, value }: Reduction, writer: PointWriter, shift: Shift, total: Value): void {
  if (op === "sum" && value.kind === "apply" && value.op === "mul" && total.type !== "int32") {
    const [x, y] = value.args.map((arg) => writer.value(arg, shift));
    b.assign(total, b.op("fma", x, y, total));
  } else b.assign(total, b.op(op === "sum" ? "add" : "maximum", total, writer.value(value, shift)));
}
