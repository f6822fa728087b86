import { bytesOf } from "../graph/dtype.ts";
import { stridesOf } from "../graph/shape.ts";
import { collapse, rebuilder } from "./collapse.ts";
import type { Axis, Kernel, Reduction, Scalar } from "./kernel.ts";
import {
  type Affine,
  add,
  along,
  at,
  type Buffer,
  type Index,
  type Machine,
  type Step,
  scaled,
  scaleOf,
} from "./loop.ts";
import { tileColumns } from "./tile.ts";
import { usesOf } from "./uses.ts";
import type { Steps, Workshop } from "./workshop.ts";

/**
 * Copies operands of products into the order in which tiles read them, where enough rows use the copy:
 *
 * - the operand whose vectors lie along the result's last axis, when they do not lie together (a transposed weight), or
 *   when they do but a panel of them is spread over so many lines and pages that it does not stay in the cache: then it
 *   is laid out panel by panel, each as wide as a tile;
 * - the other operand, when it is large and its sums do not run along memory.
 *
 * A copy is made outside all loops in which its source does not change.
 */
export function pack(steps: Steps, workshop: Workshop, machine: Machine): Steps {
  const homes = (buffers: Iterable<Buffer>) => new Set([...buffers].map((b) => workshop.shared.get(b) ?? b));

  /** Places before which a copy may be made, from the outside in. */
  interface Scope {
    readonly index: Index | undefined;
    readonly changes: ReadonlySet<Buffer>;
    readonly before: Steps;
  }

  const go = (list: Steps, scopes: readonly Scope[]): Steps =>
    list.flatMap((step): Steps => {
      if (step.kind === "launch") {
        const packed = packKernel(step.kernel, workshop, machine);
        const here = packed.copies.filter((copy) => !moveOut(copy, scopes));
        return [...here, ...packed.kernels].map((kernel) => ({ kind: "launch", kernel }));
      }
      if (step.kind === "branch") return [{ ...step, yes: go([...step.yes], []), no: go([...step.no], []) }];
      const before: Steps = [];
      const inside = [...scopes, { index: step.index, changes: homes(usesOf(step).writes), before }];
      const body = go([...step.body], inside);
      return [
        ...before,
        step.kind === "while" ? { ...step, test: go([...step.test], inside), body } : { ...step, body },
      ];
    });

  /** Puts a copy before the outermost of the innermost loops that leave its source alone. */
  const moveOut = (copy: Kernel, scopes: readonly Scope[]): boolean => {
    const [{ value }] = copy.stores;
    if (value.kind !== "load") return false;
    const home = workshop.shared.get(value.buffer) ?? value.buffer;
    const stays = (s: Scope) => !s.changes.has(home) && !(s.index && scaleOf(value.at, s.index) !== 0);
    let place: Scope | undefined;
    for (const s of [...scopes].reverse()) {
      if (!stays(s)) break;
      place = s;
    }
    place?.before.push({ kind: "launch", kernel: copy } as Step<Kernel>);
    return place !== undefined;
  };

  return go(steps, []);
}

interface Packed {
  readonly copies: readonly Kernel[];
  readonly kernels: readonly Kernel[];
}

type Load = Extract<Scalar, { kind: "load" }>;

/** A product of two arrays: what `pack` understands of a kernel. */
interface Product {
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

function packKernel(given: Kernel, workshop: Workshop, machine: Machine): Packed {
  const product = productOf(given, machine);
  const copies: Kernel[] = [];
  if (!product) return { copies, kernels: [given] };
  const { kernel, column, wide } = product;
  const narrow = packNarrow(product, workshop, copies);
  const panel = (tileColumns * machine.vectorBytes) / bytesOf[wide.dtype];
  if (wantsPanels(product, panel)) {
    const rest = column.size % panel;
    const cuts = [{ from: 0, count: (column.size - rest) / panel, width: panel }];
    if (rest > 0) cuts.push({ from: column.size - rest, count: 1, width: rest });
    return { copies, kernels: cuts.map((cut) => overPanels(product, narrow, cut, workshop, copies)) };
  }
  const turned = wantsTurn(product) ? packWide(product, workshop, copies) : wide;
  return { copies, kernels: [copies.length > 0 ? multiply(kernel, narrow, turned) : given] };
}

function multiply(kernel: Kernel, narrow: Load, wide: Load): Kernel {
  const reduction = kernel.reduction as Reduction;
  return { ...kernel, reduction: { ...reduction, value: { ...reduction.value, args: [narrow, wide] } as Scalar } };
}

function productOf(given: Kernel, machine: Machine): Product | undefined {
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

const lengthOf = (axes: readonly Axis[]) => axes.reduce((n, axis) => n * axis.size, 1);

/** How many rows use each vector of the wide operand. */
const rowsOf = ({ kernel, wide }: Product) =>
  lengthOf(kernel.axes.filter((axis) => scaleOf(wide.at, axis.index) === 0));

/** A panel beyond this many bytes, spread over the whole operand, does not stay where it is fast. */
const spreadPanel = 2 ** 16;

function wantsPanels(product: Product, panel: number): boolean {
  const { wide, column, loops } = product;
  const bytes = lengthOf(loops) * bytesOf[wide.dtype];
  return column.size >= panel && rowsOf(product) >= 48 && bytes * panel >= spreadPanel;
}

/** Eight rows pay for the copy. */
function wantsTurn(product: Product): boolean {
  return scaleOf(product.wide.at, product.column.index) !== 1 && rowsOf(product) >= 8;
}

/** Beyond this the other operand's columns are too far apart to be walked down. */
const largeOperand = 2 ** 19;

function packNarrow({ loops, narrow, row, column, kernel }: Product, workshop: Workshop, copies: Kernel[]): Load {
  const inner = loops[loops.length - 1];
  const bytes = lengthOf(loops) * row.size * bytesOf[narrow.dtype];
  if (!inner || scaleOf(narrow.at, inner.index) === 1 || bytes < largeOperand || column.size < 256) return narrow;
  const outer = kernel.axes.filter((axis) => axis !== row && scaleOf(narrow.at, axis.index) !== 0);
  return copied(narrow, [...outer, row, ...loops], workshop, copies);
}

function packWide({ kernel, loops, wide, column }: Product, workshop: Workshop, copies: Kernel[]): Load {
  const outer = kernel.axes.filter((axis) => axis !== column && scaleOf(wide.at, axis.index) !== 0);
  return copied(wide, [...outer, ...loops, column], workshop, copies);
}

/** Columns `from` and on as a kernel of their own, over `count` panels of `width` columns. */
function overPanels(
  { kernel, loops, wide, row, column }: Product,
  narrow: Load,
  { from, count, width }: { readonly from: number; readonly count: number; readonly width: number },
  workshop: Workshop,
  copies: Kernel[],
): Kernel {
  const blocks = blocksOf(row.size, lengthOf(loops) * bytesOf[narrow.dtype]);
  const [panels, inside, block, rest] = workshop.axes([count, width, blocks, row.size / blocks]);
  const columns = add(at(from), add(along(panels.index, width), along(inside.index)));
  const rows = add(along(block.index, rest.size), along(rest.index));
  const change = (a: Affine) => replace(replace(a, column.index, columns), row.index, rows);
  const rebuild = rebuilder(change);
  const others = kernel.axes.filter((axis) => axis !== row && axis !== column);
  const outer = others.filter((axis) => scaleOf(wide.at, axis.index) !== 0);
  const packed = copied({ ...wide, at: change(wide.at) }, [...outer, panels, ...loops, inside], workshop, copies);
  const cut: Kernel = {
    ...kernel,
    axes: [...others, block, panels, rest, inside],
    stores: kernel.stores.map((s) => ({ ...s, at: change(s.at), value: rebuild(s.value) })),
  };
  return multiply(cut, { ...narrow, at: change(narrow.at) }, packed);
}

/** Rows of one block and the panel that they meet stay in a core's own cache. */
const blockBytes = 2 ** 20;

/** Into how many equal blocks rows of so many bytes are cut; 1 where they fit, or where no number divides them well. */
function blocksOf(rows: number, bytes: number): number {
  const most = Math.floor(blockBytes / bytes);
  for (let size = Math.min(rows, most); size > most / 3 && size >= 12; size--)
    if (rows % size === 0) return rows / size;
  return 1;
}

/** A copy of what a load reads, laid out along `axes`; `copies` gets the kernel that makes it. */
function copied(load: Load, axes: readonly Axis[], workshop: Workshop, copies: Kernel[]): Load {
  const buffer = workshop.buffer("temporary", load.dtype, lengthOf(axes));
  const strides = stridesOf(axes.map((axis) => axis.size));
  const place = (list: readonly Axis[]) =>
    list.reduce((sum, axis, k) => add(sum, along(axis.index, strides[k])), at(0));
  const fresh = workshop.axes(axes.map((axis) => axis.size));
  const from = axes.reduce((a, axis, k) => replace(a, axis.index, along(fresh[k].index)), load.at);
  const store = { buffer, at: place(fresh), value: { ...load, at: from } };
  copies.push({ name: "pack", axes: fresh, stores: [store], scatter: false });
  return { ...load, buffer, at: place(axes) };
}

function replace(a: Affine, index: Index, by: Affine): Affine {
  const rest = { offset: a.offset, terms: a.terms.filter((t) => t.index !== index) };
  return add(rest, scaled(by, scaleOf(a, index)));
}
