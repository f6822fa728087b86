import { isControl } from "../../graph/control.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise, ops } from "../../graph/ops.ts";
import { sameShape } from "../../graph/shape.ts";
import { topological } from "../../graph/walk.ts";
import type { Overwrite } from "../ir/block.ts";
import type { View } from "../ir/views.ts";
import type { Group } from "./group.ts";
import { Order } from "./group-order.ts";
import type { Part } from "./parts.ts";
import { schedule } from "./schedule.ts";
import { chooseStored, isAnchor, isMove, type Join, keepsPlace, longAxes } from "./store.ts";

export interface BlockPlan {
  /** What those nodes are written from that are not written element by element. */
  readonly parts: Parts;
  /** What is joined of parts that kernels of their own write. */
  readonly joins: Joins;
  /** In an order in which they can run. */
  readonly groups: readonly Group[];
}

/** Nodes that are not written element by element, with what they are written from. */
type Parts = ReadonlyMap<Node, readonly Part[]>;

type Joins = ReadonlyMap<Node, Join>;

/** What `chooseStored` found. */
interface Chosen {
  readonly parts: Parts;
  readonly joins: Joins;
}

/** A kernel of more grows too large to be worth it. */
const mostMembers = 32;

/** Decides which expressions of a block are stored, and which kernels compute them. */
export function fuse(
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
  overwrites: readonly Overwrite[],
): BlockPlan {
  const order = topological(outputs);
  const { stored, ...chosen } = chooseStored(order, outputs, leaves);
  const following = new Order<Group>();
  const groups = formGroups(order, outputs, stored, chosen, leaves, following);
  markStored(groups, chosen, outputs, leaves);
  readBeforeOverwriting(groups, overwrites, following);
  return { groups: schedule(groups, new Set(outputs)), ...chosen };
}

interface Dependencies {
  /** Stored nodes read at the very point that is computed. */
  readonly here: Node[];
  /** Stored nodes and results of loops read elsewhere; several results are so many mentions of a loop. */
  readonly elsewhere: Node[];
  readonly leaves: Node[];
  /** Not read, but to be there before. */
  readonly before: Node[];
}

/** What the kernel that computes `node` reads. */
function dependenciesOf(
  node: Node,
  stored: ReadonlySet<Node>,
  { parts, joins }: Chosen,
  leaves: ReadonlyMap<Node, View>,
): Dependencies {
  const found: Dependencies = { here: [], elsewhere: [], leaves: [], before: [] };
  // One value may be read both at the point and elsewhere, and then both count.
  const seen = { here: new Set<Node>(), elsewhere: new Set<Node>() };
  const visit = (x: Node, here: boolean) => {
    const visited = here ? seen.here : seen.elsewhere;
    if (visited.has(x)) return;
    visited.add(x);
    if (leaves.has(x)) found.leaves.push(x);
    else if (x.op === "result") found.elsewhere.push(x.inputs[0]);
    else if (stored.has(x)) (here && !parts.has(x) && !joins.has(x) ? found.here : found.elsewhere).push(x);
    else below(x, here);
  };
  const awaited = new Set<Node>();
  const awaits = (x: Node) => {
    if (awaited.has(x)) return;
    awaited.add(x);
    if (x.op === "result") found.before.push(x.inputs[0]);
    else if (stored.has(x)) found.before.push(x);
    else if (!leaves.has(x)) x.inputs.forEach(awaits);
  };
  const below = (x: Node, here: boolean) => {
    const [from, join] = [parts.get(x), joins.get(x)];
    if (from) for (const { value } of from) visit(value, here);
    else if (join) for (const { value } of join.parts) visit(value, false);
    else if (isElementwise(x.op)) x.inputs.forEach((y) => visit(y, here));
    else if (x.op === "again") {
      visit(x.inputs[0], here);
      awaits(x.inputs[1]);
    } else if (isMove(x)) visit(x.inputs[0], here && keepsPlace(x));
    else for (const y of x.inputs) visit(y, false);
  };
  below(node, true);
  return found;
}

function formGroups(
  order: readonly Node[],
  outputs: readonly Node[],
  stored: ReadonlySet<Node>,
  chosen: Chosen,
  leaves: ReadonlyMap<Node, View>,
  following: Order<Group>,
): Group[] {
  const { parts, joins } = chosen;
  const groups: Group[] = [];
  const additions = additionsOf(order, outputs);
  const home = new Map<Node, Group>();
  const homeOf = (node: Node): Group => {
    const group = home.get(node);
    if (!group) throw new InternalError(`${node.op} has no kernel`);
    return group;
  };
  for (const node of order) {
    if (!isControl(node) && (!stored.has(node) || leaves.has(node))) continue;
    const needed = dependenciesOf(node, stored, chosen, leaves);
    const before = [...needed.here, ...needed.elsewhere, ...needed.before].map(homeOf);
    const space = longAxes((parts.get(node)?.[0].value ?? node).shape);
    let group: Group | undefined;
    if (!isControl(node) && !isAnchor(node) && !joins.has(node)) {
      const candidates = [...new Set(needed.here.map(homeOf))].reverse();
      group = candidates.find((g) => {
        if (g.control || !sameShape(g.space, space)) return false;
        if (g.anchor && ops[g.anchor.op].class === "scatter" && additions.get(g.anchor) !== node) return false;
        if (g.members.length >= mostMembers || needed.elsewhere.some((x) => homeOf(x) === g)) return false;
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
        uses: new Set(),
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

/** Sums of a scatter, which has no other reader, with something: what is scattered is added to that. */
function additionsOf(order: readonly Node[], outputs: readonly Node[]): Map<Node, Node> {
  const found = new Map<Node, Node>();
  const scatters = order.filter((node) => node.op === "scatter");
  if (scatters.length === 0) return found;
  const readers = new Map<Node, Set<Node>>();
  for (const node of order) for (const x of node.inputs) readers.set(x, (readers.get(x) ?? new Set()).add(node));
  for (const node of scatters) {
    if (outputs.includes(node)) continue;
    const [reader, ...others] = readers.get(node) ?? [];
    if (reader?.op === "add" && others.length === 0 && reader.inputs[0] !== reader.inputs[1]) found.set(node, reader);
  }
  return found;
}

/** A member is stored when another group uses it, or when the block returns it. */
function markStored(
  groups: readonly Group[],
  chosen: Chosen,
  outputs: readonly Node[],
  leaves: ReadonlyMap<Node, View>,
): void {
  const home = new Map(groups.flatMap((g) => g.members.map((m) => [m, g] as const)));
  const candidates = new Set(home.keys());
  for (const g of groups) {
    for (const m of g.members) {
      const { here, elsewhere } = dependenciesOf(m, candidates, chosen, leaves);
      for (const x of [...here, ...elsewhere]) {
        const owner = home.get(x);
        if (!owner || owner === g) continue;
        g.uses.add(x);
        if (!owner.control) owner.stored.add(x);
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
