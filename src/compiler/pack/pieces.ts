import { bytesOf } from "../../graph/dtype.ts";
import { stridesOf } from "../../graph/shape.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Steps } from "../ir/block.ts";
import type { Axis, Kernel, Reduction, Scalar } from "../ir/kernel.ts";
import { type Affine, add, along, at, type Buffer, type Machine, replace, scaleOf } from "../ir/loop.ts";
import { rebuilder } from "../loops/collapse.ts";
import { binary, corrected } from "../loops/partial-sums.ts";
import { tileColumns } from "../loops/tile.ts";
import { type Load, lengthOf, multiply, type Product } from "./product.ts";

/**
 * A product whose sums are so long that each tile would read what no cache holds, piece by piece of its longest loop: all tiles
 * read one piece, which stays near, before any reads the next. Undefined where that does not pay.
 */
export function longSumInPieces(
  { kernel, loops, wide, column }: Product,
  narrow: Load,
  machine: Machine,
  allocator: Allocator,
): Steps | undefined {
  if (scaleOf(wide.at, column.index) !== 1) return undefined;
  const first = loops.reduce((longest, loop) => (loop.size > longest.size ? loop : longest));
  const bytes = bytesOf[wide.dtype];
  const tile = (tileColumns * machine.vectorBytes) / bytes + rowsOfTile;
  const tiles = lengthOf(kernel.axes) / (tile * rowsOfTile);
  if (lengthOf(loops) * tile * bytes <= nearBytes || tiles < manyTiles) return undefined;
  const read = [narrow, wide].reduce((sum, load) => sum + readBy(load, [...kernel.axes, ...loops], first), 0);
  const near = Math.floor((nearBytes * first.size) / read);
  const iterations = Math.max(near, Math.ceil((fewestTerms * first.size) / lengthOf(loops)));
  if (first.size < 2 * iterations || lengthOf(kernel.axes) * bytes > mostTotals) return undefined;
  const product = multiply(kernel, narrow, wide);
  const reduction = product.reduction as Reduction;
  const ordered = { ...product, reduction: { ...reduction, axes: [first, ...loops.filter((loop) => loop !== first)] } };
  return inPieces(ordered, pieceTotals(ordered, iterations, allocator), allocator);
}

/**
 * What all tiles read of both operands before any reads on is to be this much, well within a core's own cache. On one thread with a
 * first cache of 48 KiB and a second of 2 MiB the gradient of a kernel (3 x 3, 64 to 64 channels, 8 images of 56 x 56) takes 14 ms
 * and not 50; products of [64, 25088] and [25088, 576] are 2.3 times as fast, of [100, 2048] and [2048, 128] 1.1 times. Of pieces
 * twice and eight times as large most are 1.05 and 1.3 times slower.
 */
const nearBytes = 2 ** 17;

/** A piece has so many terms at least: its totals are read and written for them. */
const fewestTerms = 128;

/** More totals would themselves go through memory for every piece. */
const mostTotals = 2 ** 19;

/** Rows of a tile, and as many tiles as pay for putting sums away. */
const [rowsOfTile, manyTiles] = [8, 8];

/** Bytes of an operand that are read in all iterations of a loop; windows that overlap are read once. */
function readBy({ at, buffer, dtype }: Load, axes: readonly Axis[], first: Axis): number {
  const read = lengthOf(axes.filter((axis) => scaleOf(at, axis.index) !== 0));
  const whole = scaleOf(at, first.index) === 0 ? first.size : 1;
  return whole * Math.min(read, buffer.length) * bytesOf[dtype];
}

/** Where the totals of all points lie between pieces of so many iterations of the first loop. */
export interface PieceTotals {
  readonly sums: Buffer;
  /** The rounding errors of adding pieces, where there are many. */
  readonly lost: Buffer | undefined;
  readonly at: Affine;
  readonly iterations: number;
}

/** More pieces than this are added with their rounding errors, as blocks of sums are (partial-sums.ts). */
const manyPieces = 32;

/** Places for the totals of a sum that is cut after so many iterations of its first loop. */
export function pieceTotals({ axes, reduction }: Kernel, iterations: number, allocator: Allocator): PieceTotals {
  const { value, axes: loops } = reduction as Reduction;
  const { dtype } = value;
  const pieces = loops[0].size / iterations;
  const buffer = () => allocator.buffer("temporary", dtype, lengthOf(axes));
  return {
    sums: buffer(),
    lost: pieces > manyPieces ? buffer() : undefined,
    at: inOrder(axes),
    iterations,
  };
}

/** The first piece of a sum, those between, and the last. */
export function inPieces(
  kernel: Kernel,
  { sums, lost, at: place, iterations: length }: PieceTotals,
  allocator: Allocator,
): Steps {
  const reduction = kernel.reduction as Reduction;
  const [loop, ...inner] = reduction.axes;
  const { dtype } = reduction.value;
  const load = (buffer: Buffer): Scalar => ({ kind: "load", buffer, at: place, guards: [], dtype });
  const total: Scalar = { kind: "total", dtype };
  const zero: Scalar = { kind: "constant", value: 0, dtype };
  const before = load(sums);
  const sum = binary("add", before, total);
  const errors = lost && binary("add", load(lost), binary("sub", total, binary("sub", sum, before)));
  const piece = (from: Affine, size: number, stores: Kernel["stores"]): Steps[number] => {
    const [axis] = allocator.axes([size]);
    const change = rebuilder((a) => replace(a, loop.index, add(from, along(axis.index))));
    return {
      kind: "launch",
      kernel: {
        ...kernel,
        reduction: { ...reduction, axes: [axis, ...inner], value: change(reduction.value) },
        stores,
      },
    };
  };
  const keep = (value: Scalar, error: Scalar) => {
    const store = { buffer: sums, at: place, value };
    return lost ? [store, { buffer: lost, at: place, value: error }] : [store];
  };
  const between = Math.floor(loop.size / length) - 2;
  const last = (between + 1) * length;
  const index = allocator.index();
  const next = add(at(length), along(index, length));
  const withSum = rebuilder((a) => a, errors ? corrected(sum, errors) : sum);
  const steps: Steps = [piece(at(0), length, keep(total, zero))];
  if (between > 0) {
    const body = [piece(next, length, keep(sum, errors ?? zero))];
    steps.push({ kind: "repeat", index, length: between, reverse: false, body });
  }
  steps.push(
    piece(
      at(last),
      loop.size - last,
      kernel.stores.map((s) => ({ ...s, value: withSum(s.value) })),
    ),
  );
  return steps;
}

/** The position at which axes stand in an array of their sizes. */
export function inOrder(axes: readonly Axis[]): Affine {
  const strides = stridesOf(axes.map((axis) => axis.size));
  return axes.reduce((sum, axis, k) => add(sum, along(axis.index, strides[k])), at(0));
}
