import { InternalError } from "../graph/errors.ts";
import type { Node } from "../graph/node.ts";
import { isElementwise, ops } from "../graph/ops.ts";
import { topological } from "../graph/walk.ts";
import { Order, sorted } from "./group-order.ts";
import type { Buffer } from "./loop.ts";
import { at } from "./loop.ts";
import { contiguous, moveView, reshapeIndex, type View } from "./views.ts";

/**
 * A set of nodes that one kernel computes over one iteration space (or one loop or branch). Members see each other's
 * values in registers; only those that somebody outside needs are stored.
 */
export interface Group {
  /** The reduction, contraction or scatter at its core, if it has one; the other members are its epilogue. */
  readonly anchor: Node | undefined;
  readonly control: Node | undefined;
  readonly members: Node[];
  /** Sizes of the iteration space; axes of size 1 are left out. */
  readonly space: readonly number[];
  readonly needs: Set<Group>;
  readonly stored: Set<Node>;
  /** Leaves that it reads. */
  readonly reads: Set<Node>;
}

export interface BlockPlan {
  /** Reshapes that are computed over their source's shape and written in row-major order. */
  readonly merging: ReadonlySet<Node>;
  /** In an order in which they can run. */
  readonly groups: readonly Group[];
}

/** A leaf of the block that will be overwritten with a node's value once the block is done. */
export interface Overwrite {
  readonly leaf: Node;
  readonly node: Node;
}

export function longAxes(shape: readonly number[]): number[] {
  return shape.filter((n) => n !== 1);
}

const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((n, i) => n === b[i]);
const isAnchor = (node: Node) => ["reduce", "contract", "scatter"].includes(ops[node.op].class);
const isControl = (node: Node) => node.op === "scan" || node.op === "while" || node.op === "cond";
const isMove = (node: Node) => ops[node.op].class === "movement";
const isInline = (node: Node) => node.op === "constant" || node.op === "iota";

/** A view that keeps every element at its place, up to axes of size 1. */
function keepsPlace(node: Node): boolean {
  return (
    (node.op === "reshape" || node.op === "expand" || node.op === "permute") &&
    same(longAxes(node.shape), longAxes(node.inputs[0].shape)) &&
    (node.op !== "permute" || node.shape.length < 2 || longAxes(node.shape).length < 2)
  );
}

/** What it takes to compute an expression anew where it is used. */
interface Cost {
  readonly flops: number;
  readonly loads: number;
  /** Ops one inside the other. */
  readonly depth: number;
}

const loaded: Cost = { flops: 0, loads: 1, depth: 0 };

/** Longer chains are cut and stored, so that no kernel grows without bound. */
const deepest = 32;
const mostMembers = 32;

/** Decides which expressions of a block are stored, and which kernels compute them. */
export function fuse(
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
  overwrites: readonly Overwrite[],
): BlockPlan {
  const order = topological(outputs);
  const { stored, merging } = chooseStored(order, outputs, leaves);
  const following = new Order<Group>();
  const groups = formGroups(order, stored, merging, leaves, following);
  markStored(groups, merging, outputs, leaves);
  readBeforeOverwriting(groups, overwrites, following);
  return { groups: sorted(groups), merging };
}

/** Nodes that are written to memory unless every reader turns out to sit in the same kernel. */
function chooseStored(
  order: readonly Node[],
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
): { stored: Set<Node>; merging: Set<Node> } {
  const stored = new Set<Node>();
  const merging = new Set<Node>();
  const uses = countUses(order, outputs);
  const place = { id: -1, kind: "temporary", dtype: "float32", length: 0, offset: 0 } as Buffer;
  const view = (node: Node): View | undefined => {
    const leaf = leaves.get(node);
    if (leaf) return leaf;
    if (stored.has(node) || node.op === "pick") return contiguous(place, node.shape);
    if (!isMove(node)) return undefined;
    const source = view(node.inputs[0]);
    return source && moveView(node, source);
  };
  /** Makes sure that `node` can be addressed in memory, storing what lies below it. */
  const demand = (node: Node): void => {
    if (view(node)) return;
    if (isMove(node) && node.op !== "pad" && !isInline(node.inputs[0])) demand(node.inputs[0]);
    if (!view(node)) stored.add(node);
  };

  for (const node of longChains(order, leaves)) stored.add(node);
  for (const y of outputs) if (!leaves.has(y) && y.op !== "pick") stored.add(y);
  for (const node of order) {
    if (leaves.has(node)) continue;
    if (isAnchor(node)) stored.add(node);
    if (node.is("contract")) {
      node.inputs.forEach(demand);
      for (const z of scatteredOperands(node, view)) if (z.op === "permute") stored.add(z);
    }
    if (node.op === "gather") demand(node.inputs[0]);
    if (node.is("scan")) node.inputs.slice(node.attrs.carry.length).forEach(demand);
    if (node.is("while")) node.inputs.slice(node.attrs.carry.length).forEach(demand);
    if (node.is("cond")) node.inputs.forEach(demand);
  }
  const cost = new Map<Node, Cost>();
  for (const node of order) {
    const sum = { flops: ops[node.op].flops, loads: 0, depth: 0 };
    if (node.is("reshape") && !leaves.has(node) && mergesAxes(node, view)) {
      stored.add(node);
      merging.add(node);
    }
    if (leaves.has(node) || stored.has(node) || node.op === "pick") cost.set(node, loaded);
    else if (isInline(node) || isControl(node)) cost.set(node, { flops: 0, loads: 0, depth: 0 });
    else {
      for (const x of new Set(node.inputs)) {
        sum.flops += cost.get(x)?.flops ?? 0;
        sum.loads += cost.get(x)?.loads ?? 0;
        sum.depth = Math.max(sum.depth, 1 + (cost.get(x)?.depth ?? 0));
      }
      const keep = isElementwise(node.op) && isWorthStoring(node, sum, uses, leaves);
      if (keep) stored.add(node);
      cost.set(node, keep || stored.has(node) ? loaded : sum);
    }
  }
  return { stored, merging };
}

/** Every so many-th view of a long chain of views. */
function longChains(order: readonly Node[], leaves: ReadonlyMap<Node, View>): Node[] {
  const lengths = new Map<Node, number>();
  return order.filter((node) => {
    if (!isMove(node) || leaves.has(node)) return false;
    const length = 1 + (lengths.get(node.inputs[0]) ?? 0);
    lengths.set(node, length > deepest ? 0 : length);
    return length > deepest;
  });
}

/**
 * Operands whose vectors (along the result's innermost axis) do not lie together, where enough rows of the result use
 * them to pay for a copy that does.
 */
function scatteredOperands(node: Node<"contract">, view: (node: Node) => View | undefined): Node[] {
  const { a, b, out } = node.attrs;
  const innermost = out[out.length - 1];
  return [a, b].flatMap((labels, k) => {
    const z = node.inputs[k];
    const axis = labels.indexOf(innermost);
    if (axis < 0 || z.shape[axis] < 4 || view(z)?.strides[axis] === 1) return [];
    const rows = out.reduce((n, label, i) => (labels.includes(label) ? n : n * node.shape[i]), 1);
    return rows >= 8 ? [z] : [];
  });
}

/** True for a reshape whose elements' places follow from no index arithmetic: its source must be walked in order. */
function mergesAxes(node: Node<"reshape">, view: (node: Node) => View | undefined): boolean {
  const [x] = node.inputs;
  const source = view(x);
  if (isUniform(x) || (source && moveView(node, source))) return false;
  const origin = node.shape.map(() => at(0));
  return reshapeIndex(x.shape, node.shape, origin) === undefined;
}

function isUniform(node: Node): boolean {
  let x = node;
  while (x.op === "expand" || x.op === "reshape") x = x.inputs[0];
  return x.op === "constant";
}

interface Uses {
  readonly count: number;
  /** Some reader sees it spread over a larger space, and would compute it many times. */
  readonly spread: boolean;
}

/** Readers of each node, views being transparent. */
function countUses(order: readonly Node[], outputs: readonly Node[]): Map<Node, Uses> {
  const readers = new Map<Node, Set<unknown>>();
  const spread = new Set<Node>();
  const read = (node: Node, reader: unknown, wide: boolean) => {
    let [x, seenSpread] = [node, wide];
    for (;;) {
      readers.set(x, (readers.get(x) ?? new Set()).add(reader));
      if (seenSpread) spread.add(x);
      if (!isMove(x)) return;
      seenSpread ||= x.op === "expand" && !keepsPlace(x);
      x = x.inputs[0];
    }
  };
  for (const node of order) if (!isMove(node)) for (const x of node.inputs) read(x, node, false);
  outputs.forEach((y, i) => {
    read(y, i, false);
  });
  return new Map([...readers].map(([node, set]) => [node, { count: set.size, spread: spread.has(node) }]));
}

function isWorthStoring(
  node: Node,
  total: Cost,
  uses: ReadonlyMap<Node, Uses>,
  leaves: ReadonlyMap<Node, View>,
): boolean {
  const { count, spread } = uses.get(node) ?? { count: 0, spread: false };
  if ((spread && total.flops > 4) || total.depth > deepest) return true;
  if (count < 2) return false;
  // The only reader of a reduction or contraction: better stored in its place than beside it.
  const replaces = node.inputs.some((x) => {
    let y = x;
    while (keepsPlaceOrSelf(y) && !leaves.has(y)) y = y.inputs[0];
    return isAnchor(y) && uses.get(y)?.count === 1;
  });
  return replaces || total.flops > 4 || total.loads > 2;
}

const keepsPlaceOrSelf = (node: Node) => isMove(node) && keepsPlace(node);

interface Dependencies {
  /** Stored nodes read at the very point that is computed. */
  readonly here: Set<Node>;
  /** Stored nodes and results of loops read elsewhere. */
  readonly elsewhere: Set<Node>;
  readonly leaves: Set<Node>;
}

/** What the kernel that computes `node` reads. */
function dependenciesOf(
  node: Node,
  stored: ReadonlySet<Node>,
  merging: ReadonlySet<Node>,
  leaves: ReadonlyMap<Node, View>,
): Dependencies {
  const found: Dependencies = { here: new Set(), elsewhere: new Set(), leaves: new Set() };
  // One value may be read both at the point and elsewhere, and then both count.
  const seen = { here: new Set<Node>(), elsewhere: new Set<Node>() };
  const visit = (x: Node, here: boolean) => {
    const visited = here ? seen.here : seen.elsewhere;
    if (visited.has(x)) return;
    visited.add(x);
    if (leaves.has(x)) found.leaves.add(x);
    else if (x.op === "pick") found.elsewhere.add(x.inputs[0]);
    else if (stored.has(x)) (here && !merging.has(x) ? found.here : found.elsewhere).add(x);
    else below(x, here);
  };
  const below = (x: Node, here: boolean) => {
    if (isElementwise(x.op)) x.inputs.forEach((y) => visit(y, here));
    else if (isMove(x)) visit(x.inputs[0], here && (keepsPlace(x) || merging.has(x)));
    else
      x.inputs.forEach((y, i) =>
        visit(y, here && x.op === "gather" && i === 1 && same(longAxes(x.shape), longAxes(y.shape))),
      );
  };
  below(node, true);
  return found;
}

function formGroups(
  order: readonly Node[],
  stored: ReadonlySet<Node>,
  merging: ReadonlySet<Node>,
  leaves: ReadonlyMap<Node, View>,
  following: Order<Group>,
): Group[] {
  const groups: Group[] = [];
  const home = new Map<Node, Group>();
  const homeOf = (node: Node): Group => {
    const group = home.get(node);
    if (!group) throw new InternalError(`${node.op} has no kernel`);
    return group;
  };
  for (const node of order) {
    if (!isControl(node) && (!stored.has(node) || leaves.has(node))) continue;
    const needed = dependenciesOf(node, stored, merging, leaves);
    const before = [...needed.here, ...needed.elsewhere].map(homeOf);
    const space = longAxes(merging.has(node) ? node.inputs[0].shape : node.shape);
    let group: Group | undefined;
    if (!isControl(node) && !isAnchor(node)) {
      const candidates = [...new Set([...needed.here].map(homeOf))].reverse();
      group = candidates.find((g) => {
        if (g.control || g.anchor?.op === "scatter" || !same(g.space, space)) return false;
        if (g.members.length >= mostMembers || [...needed.elsewhere].some((x) => homeOf(x) === g)) return false;
        return before.every((other) => other === g || !following.mayReach(other, g));
      });
    }
    if (!group) {
      group = {
        anchor: isAnchor(node) ? node : undefined,
        control: isControl(node) ? node : undefined,
        members: [],
        space,
        needs: new Set(),
        stored: new Set(),
        reads: new Set(),
      };
      groups.push(group);
    }
    for (const other of before) if (other !== group) following.add(group, other);
    for (const leaf of needed.leaves) group.reads.add(leaf);
    group.members.push(node);
    home.set(node, group);
  }
  return groups;
}

/** A member is stored when another group reads it, or when the block returns it. */
function markStored(
  groups: readonly Group[],
  merging: ReadonlySet<Node>,
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
): void {
  const home = new Map(groups.flatMap((g) => g.members.map((m) => [m, g] as const)));
  const candidates = new Set(home.keys());
  for (const g of groups) {
    for (const m of g.members) {
      const { here, elsewhere } = dependenciesOf(m, candidates, merging, leaves);
      for (const x of [...here, ...elsewhere]) {
        const owner = home.get(x);
        if (owner && owner !== g && !owner.control) owner.stored.add(x);
      }
    }
  }
  for (const y of outputs) {
    const owner = home.get(y);
    if (owner && !owner.control) owner.stored.add(y);
  }
}

/** Where possible, the readers of a leaf run before the group that replaces it. */
function readBeforeOverwriting(
  groups: readonly Group[],
  overwrites: readonly Overwrite[],
  following: Order<Group>,
): void {
  const writers = new Map(groups.flatMap((g) => g.members.map((m) => [m, g] as const)));
  const readers = new Map<Node, Group[]>();
  for (const g of groups) for (const leaf of g.reads) readers.set(leaf, [...(readers.get(leaf) ?? []), g]);
  for (const { leaf, node } of overwrites) {
    const writer = writers.get(node);
    if (!writer) continue;
    for (const reader of readers.get(leaf) ?? []) {
      if (reader !== writer && !following.mayReach(reader, writer)) following.add(writer, reader);
    }
  }
}
