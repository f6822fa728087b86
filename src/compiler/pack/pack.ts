import { bytesOf } from "../../graph/dtype.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Kernels, Steps } from "../ir/block.ts";
import type { Kernel } from "../ir/kernel.ts";
import { type Buffer, type Index, type Machine, type Step, scaleOf } from "../ir/loop.ts";
import { counterOf, mapSteps } from "../ir/steps.ts";
import { usesOf } from "../ir/uses.ts";
import { copied, inPanels, wantsPanels } from "./panels.ts";
import { longSumInPieces } from "./pieces.ts";
import { type Load, lengthOf, multiply, type Product, productOf, rowsOf } from "./product.ts";

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
export function pack({ steps, aliases }: Kernels, allocator: Allocator, machine: Machine): Kernels {
  const homeOf = (b: Buffer) => aliases.get(b) ?? b;

  /** Places before which a copy may be made, from the outside in. */
  interface Scope {
    readonly index: Index;
    readonly changes: ReadonlySet<Buffer>;
    readonly before: Steps;
  }

  const go = (list: readonly Step<Kernel>[], scopes: readonly Scope[]): Steps =>
    list.flatMap((step): Steps => {
      if (step.kind === "launch") {
        const packed = packKernel(step.kernel, allocator, machine);
        const here = packed.copies.filter((copy) => !moveOut(copy, scopes));
        return [...here.map((kernel) => ({ kind: "launch", kernel }) as const), ...packed.steps];
      }
      const before: Steps = [];
      const index = counterOf(step)?.index;
      const inside = index
        ? [...scopes, { index, changes: new Set([...usesOf(step).writes].map(homeOf)), before }]
        : [];
      const changed = mapSteps(step, (body) => go(body, inside));
      return [...before, changed];
    });

  /** Puts a copy before the outermost of the innermost loops that leave its source alone. */
  const moveOut = (copy: Kernel, scopes: readonly Scope[]): boolean => {
    const [{ value }] = copy.stores;
    if (value.kind !== "load") return false;
    const home = homeOf(value.buffer);
    const stays = (s: Scope) => !s.changes.has(home) && scaleOf(value.at, s.index) === 0;
    let place: Scope | undefined;
    for (const s of [...scopes].reverse()) {
      if (!stays(s)) break;
      place = s;
    }
    place?.before.push({ kind: "launch", kernel: copy });
    return place !== undefined;
  };

  return { steps: go(steps, []), aliases };
}

interface Packed {
  readonly copies: readonly Kernel[];
  readonly steps: Steps;
}

function packKernel(given: Kernel, allocator: Allocator, machine: Machine): Packed {
  const product = productOf(given, machine);
  const copies: Kernel[] = [];
  if (!product) return { copies, steps: [{ kind: "launch", kernel: given }] };
  const narrow = packNarrow(product, allocator, copies);
  const pieces = longSumInPieces(product, narrow, machine, allocator);
  if (pieces) return { copies, steps: pieces };
  if (wantsPanels(product, machine)) return { copies, steps: inPanels(product, narrow, machine, allocator, copies) };
  const wide = packWide(product, allocator, copies);
  const kernel = copies.length > 0 ? multiply(product.kernel, narrow, wide) : given;
  return { copies, steps: [{ kind: "launch", kernel }] };
}

/** Beyond so many bytes its columns are too far apart to be walked down. */
const largeOperand = 2 ** 19;

/** The operand whose elements serve whole vectors, in the order of the sum. */
function packNarrow({ loops, narrow, row, column, kernel }: Product, allocator: Allocator, copies: Kernel[]): Load {
  const inner = loops[loops.length - 1];
  const bytes = lengthOf(loops) * row.size * bytesOf[narrow.dtype];
  if (!inner || scaleOf(narrow.at, inner.index) === 1 || bytes < largeOperand || column.size < 256) return narrow;
  const outer = kernel.axes.filter((axis) => axis !== row && scaleOf(narrow.at, axis.index) !== 0);
  return copied(narrow, [...outer, row, ...loops], allocator, copies);
}

/** The operand with the vectors, transposed when they do not lie together; eight rows pay for it. */
function packWide(product: Product, allocator: Allocator, copies: Kernel[]): Load {
  const { kernel, loops, wide, column } = product;
  if (scaleOf(wide.at, column.index) === 1 || rowsOf(product) < 8) return wide;
  const outer = kernel.axes.filter((axis) => axis !== column && scaleOf(wide.at, axis.index) !== 0);
  return copied(wide, [...outer, ...loops, column], allocator, copies);
}
