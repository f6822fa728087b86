import { bytesOf } from "../../graph/dtype.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Steps } from "../ir/block.ts";
import type { Axis, Kernel } from "../ir/kernel.ts";
import { type Affine, add, along, at, type Machine, replace, scaleOf } from "../ir/loop.ts";
import { rebuilder } from "../loops/collapse.ts";
import { tileColumns } from "../loops/tile.ts";
import { inOrder, inPieces, type PieceTotals, pieceTotals } from "./pieces.ts";
import { type Load, lengthOf, multiply, type Product, rowsOf } from "./product.ts";

/**
 * A large product, cut so that what is read again and again stays near: its columns into panels as wide as a register
 * tile, its rows into blocks, its sums into pieces. Between two pieces the sums lie in memory; the last one has the
 * epilogue. (Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.)
 */
export function inPanels(
  product: Product,
  narrow: Load,
  machine: Machine,
  allocator: Allocator,
  copies: Kernel[],
): Steps {
  const { kernel, column } = product;
  const panel = panelOf(product, machine);
  const rest = column.size % panel;
  const cuts = [{ from: 0, count: (column.size - rest) / panel, width: panel }];
  if (rest > 0) cuts.push({ from: column.size - rest, count: 1, width: rest });
  const iterations = iterationsInPiece(product, narrow, machine);
  const totals = iterations === undefined ? undefined : pieceTotals(kernel, iterations, allocator);
  return cuts.flatMap((cut) => overPanels(product, narrow, cut, totals, allocator, copies));
}

/** Rows that a sum walks down, one line of memory after another, are to stay in a core's own cache from panel to panel. */
const walkedRows = 2 ** 19;

/**
 * Iterations of the first loop that a piece of a sum takes; undefined where sums are not cut: where the backend asks for it, and
 * where all that a sum walks down is more than stays near.
 */
function iterationsInPiece({ loops, row, kernel }: Product, narrow: Load, { sumPiece }: Machine): number | undefined {
  const [first, ...rest] = loops;
  const inner = lengthOf(rest);
  const rows = kernel.axes.filter((axis) => axis === row || scaleOf(narrow.at, axis.index) === 1);
  const bytes = inner * lengthOf(rows) * bytesOf[narrow.dtype];
  const walks = scaleOf(narrow.at, loops[loops.length - 1].index) !== 1 && first.size * bytes > 2 * walkedRows;
  const most = Math.min(
    walks ? walkedRows / bytes : first.size,
    sumPiece === undefined ? first.size : sumPiece / inner,
  );
  const iterations = Math.max(1, Math.floor(most));
  return first.size >= 2 * iterations ? iterations : undefined;
}

/** A panel of so many bytes, or in so many cache lines, does not stay where it is fast. */
const spreadPanel = { bytes: 2 ** 16, lines: 2 ** 10 };

/** The fewest rows that pay for the copy. */
const worthPanels = { rows: 192, fewer: 24, bytes: 2 ** 21 };

/**
 * Two tiles of rows do where the operand is larger than a core's own cache: its lines come from far away, and in a copy they come
 * in order. Training steps of dense layers 1024 wide, one thread: 1.02 to 1.09 times as fast with 32 rows, 1.1 with 128 (2048 wide:
 * 1.2); on WebAssembly 1.45 times. Of a smaller one each thread would fetch what another has copied, which costs
 * two threads more than it saves.
 */
function pays(product: Product): boolean {
  const { kernel, wide, loops } = product;
  const copied = lengthOf([...kernel.axes, ...loops].filter((axis) => scaleOf(wide.at, axis.index) !== 0));
  // Windows that overlap would be copied many times over.
  const isLarge = copied * bytesOf[wide.dtype] >= worthPanels.bytes && copied <= wide.buffer.length;
  return rowsOf(product) >= (isLarge ? worthPanels.fewer : worthPanels.rows);
}

/** Whether an operand that lies in order is better read from a copy in panels. */
export function wantsPanels(product: Product, machine: Machine): boolean {
  const { column, loops, wide } = product;
  const panel = panelOf(product, machine);
  const length = lengthOf(loops);
  const lines = length * Math.ceil((panel * bytesOf[wide.dtype]) / 64);
  const spread = length * panel * bytesOf[wide.dtype] >= spreadPanel.bytes || lines >= spreadPanel.lines;
  return column.size >= panel && pays(product) && spread;
}

const panelOf = ({ wide }: Product, machine: Machine) => (tileColumns * machine.vectorBytes) / bytesOf[wide.dtype];

interface Cut {
  readonly from: number;
  readonly count: number;
  readonly width: number;
}

/** The columns of one cut, as kernels of their own. */
function overPanels(
  { kernel, loops, wide, row, column }: Product,
  narrow: Load,
  { from, count, width }: Cut,
  totals: PieceTotals | undefined,
  allocator: Allocator,
  copies: Kernel[],
): Steps {
  const length = totals ? totals.iterations * lengthOf(loops.slice(1)) : lengthOf(loops);
  const blocks = blocksOf(row.size, length * bytesOf[narrow.dtype], totals ? blockBytes / 2 : blockBytes);
  const [panels, inside, block, rest] = allocator.axes([count, width, blocks, row.size / blocks]);
  const columns = add(at(from), add(along(panels.index, width), along(inside.index)));
  const rows = add(along(block.index, rest.size), along(rest.index));
  const change = (a: Affine) => replace(replace(a, column.index, columns), row.index, rows);
  const rebuild = rebuilder(change);
  const others = kernel.axes.filter((axis) => axis !== row && axis !== column);
  const outer = others.filter((axis) => scaleOf(wide.at, axis.index) !== 0);
  const packed = copied({ ...wide, at: change(wide.at) }, [...outer, panels, ...loops, inside], allocator, copies);
  const cut: Kernel = {
    ...kernel,
    axes: [...others, block, panels, rest, inside],
    stores: kernel.stores.map((s) => ({ ...s, at: change(s.at), value: rebuild(s.value) })),
  };
  const whole = multiply(cut, { ...narrow, at: change(narrow.at) }, packed);
  return totals
    ? inPieces(whole, { ...totals, at: change(totals.at) }, allocator)
    : [{ kind: "launch", kernel: whole }];
}

/** Rows of one block and the panel that they meet stay in a core's own cache, and so do totals that pieces have in common. */
const blockBytes = 2 ** 20;

/** Into how many equal blocks rows of so many bytes are cut; 1 where they fit, or where no number divides them well. */
function blocksOf(rows: number, bytes: number, fits: number): number {
  const most = Math.floor(fits / bytes);
  for (let size = Math.min(rows, most); size > most / 3 && size >= 12; size--) {
    if (rows % size === 0) return rows / size;
  }
  return 1;
}

/** A copy of what a load reads, laid out along `axes`; `copies` gets the kernel that makes it. */
export function copied(load: Load, axes: readonly Axis[], allocator: Allocator, copies: Kernel[]): Load {
  const buffer = allocator.buffer("temporary", load.dtype, lengthOf(axes));
  const fresh = allocator.axes(axes.map((axis) => axis.size));
  const from = axes.reduce((a, axis, k) => replace(a, axis.index, along(fresh[k].index)), load.at);
  const store = { buffer, at: inOrder(fresh), value: { ...load, at: from } };
  copies.push({ name: "pack", axes: fresh, stores: [store] });
  return { ...load, buffer, at: inOrder(axes) };
}
