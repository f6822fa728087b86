import { bytesOf } from "../graph/dtype.ts";
import { make, type Node } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { rewrite, topological, withInputs } from "../graph/walk.ts";
import { type Batch, batchOf } from "./batch.ts";
import { isNarrow, Layout } from "./layout.ts";
import type { Machine } from "./loop.ts";
import { simplify } from "./simplify.ts";

/**
 * Puts the batch last where samples have few features: vectors lie along the last axis, and twenty features fill five
 * eighths of two vectors of sixteen, six channels an eighth of three. Along the batch all lanes are filled, guards of padding are
 * the same for all of them, and every weight serves a whole vector. What is wide enough stays as it was written.
 *
 * Values computed are the same; only the order in which they lie, and in which sums over the batch are made, is another.
 */
export function batchLast(roots: readonly Node[], machine: Machine, worth: Worth = usual): Node[] {
  const seeds = topological(roots).filter((x) => x.is("input") || x.is("data"));
  return inBodies(layOut(roots, seeds, machine, worth), machine, worth);
}

/** When it pays to move the batch. */
export interface Worth {
  /** Lanes that stay empty cost at least this part of all products. */
  readonly lost: number;
  /** With fewer multiplications the copies cost what full lanes gain. */
  readonly products: number;
}

const usual: Worth = { lost: 0.2, products: 2 ** 15 };

/** The same in loops: over what a training step captures, and in blocks of a batch. */
function inBodies(roots: readonly Node[], machine: Machine, worth: Worth): Node[] {
  const inside = (list: readonly Node[], seeds: readonly Node[]) => {
    return inBodies(layOut(list, seeds, machine, worth), machine, worth);
  };
  return rewrite(roots, (node, inputs) => {
    const made = withInputs(node, inputs);
    if (made.is("while")) {
      const { captured, next, ys } = made.attrs;
      const out = inside([...next, ...ys], captured);
      if (isSame(out, [...next, ...ys])) return made;
      return make("while", made.inputs, { ...made.attrs, next: out.slice(0, next.length), ys: out.slice(next.length) });
    }
    if (made.is("scan") && made.attrs.carry.length === 0) {
      const ys = inside(made.attrs.ys, made.attrs.xs);
      return isSame(ys, made.attrs.ys) ? made : make("scan", made.inputs, { ...made.attrs, ys });
    }
    return made;
  });
}

const isSame = (p: readonly Node[], q: readonly Node[]) => p.every((x, i) => x === q[i]);

function layOut(roots: readonly Node[], seeds: readonly Node[], machine: Machine, worth: Worth): Node[] {
  const sizes = new Map<number, number>();
  for (const { shape } of seeds) {
    if (shape.length > 1) sizes.set(shape[0], (sizes.get(shape[0]) ?? 0) + sizeOf(shape));
  }
  const [largest] = [...sizes].sort((a, b) => b[1] - a[1]);
  if (!largest) return [...roots];
  const batch = batchOf(roots, new Set(seeds), largest[0]);
  return pays(batch, machine, worth) ? simplify(new Layout(batch, new Set(seeds)).rebuild(roots)) : [...roots];
}

const lanesFor = ({ dtype }: Node, { vectorBytes }: Machine) => vectorBytes / bytesOf[dtype];

/** The part of all lanes that an axis fills, when what is left beyond whole vectors goes in smaller ones, down to 16 bytes. */
function filled(size: number, node: Node, machine: Machine): number {
  const lanes = lanesFor(node, machine);
  let vectors = Math.floor(size / lanes);
  let left = size % lanes;
  for (let n = lanes / 2; n * bytesOf[node.dtype] >= 16; n /= 2) {
    vectors += Math.floor(left / n);
    left %= n;
  }
  return size / lanes / (vectors + left);
}

function pays(batch: Batch, machine: Machine, worth: Worth): boolean {
  let [all, lost] = [0, 0];
  for (const node of [...batch.axis.keys(), ...batch.totals]) {
    if (!node.is("contract")) continue;
    const { a, out } = node.attrs;
    const inner = node.inputs[0].shape.filter((_, i) => !out.includes(a[i]));
    const work = sizeOf(node.shape) * sizeOf(inner);
    const features = node.shape[node.shape.length - 1] ?? 1;
    const along = batch.axis.get(node) === node.shape.length - 1;
    const share = features === 1 || along ? 1 : filled(features, node, machine);
    all += work / share;
    if (isNarrow(node, batch)) lost += work / share - work / filled(batch.size, node, machine);
  }
  return all > worth.products && lost > worth.lost * all;
}
