import type { OpName } from "../../graph/node.ts";
import type { Builder } from "../ir/builder.ts";
import type { Axis, Reduction, Scalar } from "../ir/kernel.ts";
import { type Affine, add, along, at, type Index, replace, type Value } from "../ir/loop.ts";
import { rebuilder } from "./collapse.ts";

/**
 * Long sums. A running sum in float32 may lose half a unit of its last place with every term: of 10^7 equal numbers it keeps two
 * digits. So the loops of a long sum are cut into blocks, each of which is summed on its own; the sums of some blocks are added,
 * and to the sums of all these the rounding errors of their additions (Dekker 1971; Ogita, Rump & Oishi 2005). The error is then
 * that of some hundred additions, however long the sum is.
 */

/** Terms that one accumulator takes before its sum is put away. */
const termsOfBlock = 32;

/** The same in a tile of many sums that share what they load: putting all of them away takes as long as some terms. */
const termsOfTile = 128;

/** The number of sums that are computed together in a tile where it counts. */
const manySums = 12;

/** Blocks whose sums are added before rounding errors are kept. */
const blocksOfGroup = 32;

/** A cut of a sum into blocks of at most so many terms. */
export interface Level {
  readonly terms: number;
  /** Whether the rounding errors of adding the sums of blocks are kept. */
  readonly exact: boolean;
}

/** How a sum is cut, from the outside in. */
export function levelsOf({ op, value }: Reduction, sums: number): readonly Level[] {
  if (op !== "sum" || value.dtype === "int32") return [];
  const terms = sums < manySums ? termsOfBlock : termsOfTile;
  return [
    { terms: terms * blocksOfGroup, exact: true },
    { terms, exact: false },
  ];
}

/** A part of the innermost loop: `unrolled` vectors of `lanes` at a time, each into an accumulator of its own. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly lanes: number;
  readonly unrolled: number;
}

/** A reduction, or a part of one that is summed on its own in every iteration of some loops. */
export interface Block {
  readonly outer: readonly Axis[];
  /** Its loops are those of the block. */
  readonly reduction: Reduction;
  /** The innermost loop. */
  readonly inner: Axis | undefined;
  readonly span: Span;
  /** Counters that step along the whole innermost loop: its own, and those of its blocks. */
  readonly walked: readonly Index[];
  /** What stands for a position in the loops as they were before they were cut. */
  readonly change: (a: Affine) => Affine;
}

/** A reduction as one block. */
export function wholeOf(reduction: Reduction, inner: Axis | undefined, span: Span): Block {
  return { outer: [], reduction, inner, span, walked: inner ? [inner.index] : [], change: (a) => a };
}

/** A block cut into smaller ones, the last of which may be shorter; itself where it is short. */
export function blocksOf(whole: Block, most: number, fresh: () => Index): Block[] {
  const { reduction, inner, span } = whole;
  const { axes } = reduction;
  const step = span.lanes * span.unrolled;
  const countOf = (axis: Axis) => (axis === inner ? Math.ceil((span.to - span.from) / step) : axis.size);
  if (axes.reduce((n, axis) => n * countOf(axis), 1) <= 2 * most) return [whole];
  let [k, inside] = [axes.length - 1, 1];
  while (k > 0 && inside * countOf(axes[k]) <= most) inside *= countOf(axes[k--]);
  const axis = axes[k];
  const iterations = Math.max(1, Math.floor(most / inside));
  if (iterations === 1 && axis !== inner) {
    return [{ ...whole, outer: axes.slice(0, k + 1), reduction: { ...reduction, axes: axes.slice(k + 1) } }];
  }
  const unit = axis === inner ? step : 1;
  const [from, to] = axis === inner ? [span.from, span.to] : [0, axis.size];
  const length = unit * evenly(Math.floor((to - from) / unit), iterations);
  const count = Math.floor((to - from) / length);
  const block = (start: number, size: number, blocks: number): Block => {
    const loops = blocks > 1 ? [{ index: fresh(), size: blocks }] : [];
    const own = { index: fresh(), size };
    const begin = loops.reduce((a, loop) => add(a, along(loop.index, length)), at(start));
    const change = (a: Affine) => replace(a, axis.index, add(begin, along(own.index)));
    const walked = [...loops, own].map((loop) => loop.index);
    return {
      ...(axis === inner ? { inner: own, span: { ...span, from: 0, to: size } } : { inner, span }),
      outer: [...axes.slice(0, k), ...loops],
      reduction: { ...reduction, axes: [own, ...axes.slice(k + 1)], value: rebuilder(change)(reduction.value) },
      walked: axis === inner ? [...whole.walked, ...walked] : whole.walked,
      change: (a) => change(whole.change(a)),
    };
  };
  const rest = to - from - count * length;
  return [block(from, length, count), ...(rest > 0 ? [block(to - rest, rest, 1)] : [])];
}

/** The largest divisor of a count that is not much below what is wanted; else that. */
function evenly(count: number, wanted: number): number {
  for (let n = Math.min(count, wanted); 2 * n > wanted; n--) if (count % n === 0) return n;
  return Math.max(1, Math.min(count, wanted));
}

/** A total to which sums of blocks are added. */
export interface Total {
  readonly sum: Value;
  /** The rounding errors of these additions. */
  readonly lost: Value | undefined;
}

export function begin(b: Builder, first: Value, exact: boolean): Total {
  // From -0: what was lost of a sum of negative zeros must not make it positive.
  return { sum: b.variable(first), lost: exact ? b.variable(b.like(first, -0)) : undefined };
}

export function put(b: Builder, { sum, lost }: Total, x: Value): void {
  const next = b.op("add", sum, x);
  if (lost) b.assign(lost, b.op("add", lost, b.op("sub", x, b.op("sub", next, sum))));
  b.assign(sum, next);
}

/** The total with what it lost, which is not known where the total is infinite or NaN. */
export function take(b: Builder, { sum, lost }: Total): Value {
  if (!lost) return sum;
  const zero = b.like(lost, 0);
  return b.select(b.op("eq", b.op("mul", lost, zero), zero), b.op("add", sum, lost), sum);
}

/** The same of a total that lies in memory. */
export function corrected(sum: Scalar, lost: Scalar): Scalar {
  const { dtype } = sum;
  const zero: Scalar = { kind: "constant", value: 0, dtype };
  const known: Scalar = { kind: "apply", op: "eq", args: [binary("mul", lost, zero), zero], dtype: "bool" };
  return { kind: "apply", op: "where", args: [known, binary("add", sum, lost), sum], dtype };
}

export function binary(op: OpName, x: Scalar, y: Scalar): Scalar {
  return { kind: "apply", op, args: [x, y], dtype: x.dtype };
}
