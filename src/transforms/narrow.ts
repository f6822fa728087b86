import { formal } from "../graph/body.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { inheriting } from "../graph/origin.ts";
import type { Shape } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { type Along, movesBetween } from "./batching/axis.ts";
import { follow, remade } from "./batching/follow.ts";

/** What `narrow` made. */
export interface Narrowed {
  readonly output: Node;
  /** What was taken from outside and has entries of its own along the axis, of which `formal` stands for a few. */
  readonly taken: readonly { readonly whole: Node; readonly axis: number; readonly formal: Node }[];
}

/** A formal, its axis along which entries have nothing to do with one another, and what stands for a few of them. */
export type Entries = ReadonlyMap<Node, { readonly axis: number; readonly few: Node }>;

/**
 * Writes `output`, which is computed from formals entry by entry along an axis of `size`, for `rows` of the entries:
 * [3, size] tanh(x + p) from x [3, size] and p [size] becomes [3, rows] from so much of both. Undefined where it is not
 * computed so, or is by way of something that this does not follow (loops and branches, rules of one's own).
 *
 * @param axis  of `output`
 */
export function narrow(output: Node, axis: number, along: Entries, size: number, rows: number): Narrowed | undefined {
  const ways = new Map<Node, Along>();
  const axisOf = (x: Node): number | undefined => along.get(x)?.axis ?? (ways.get(x)?.result as number | undefined);
  for (const node of topological([output])) {
    if (along.has(node) || !node.inputs.some((x) => axisOf(x) !== undefined)) continue;
    const way = follow(node, node.inputs.map(axisOf));
    if (typeof way?.result !== "number") return undefined;
    ways.set(node, way);
  }
  if (axisOf(output) !== axis) return undefined;

  const taken = new Map<string, { whole: Node; axis: number; formal: Node }>();
  const made = new Map<Node, Node>([...along].map(([formal, { few }]) => [formal, few]));
  /** What is written in an operand's place, at whose own axis `at` the entries lie, if anywhere. */
  const operand = (x: Node, at: number | undefined): Node => {
    const done = made.get(x);
    if (done) return done;
    if (at === undefined || x.shape[at] !== size) return x;
    const shape = cut(x.shape, at, rows);
    // What is spread is spread anew.
    if (x.is("expand")) return make("expand", [operand(x.inputs[0], at)], { shape });
    const key = `${x.id}:${at}`;
    const known = taken.get(key) ?? { whole: x, axis: at, formal: formal({ shape, dtype: x.dtype }) };
    taken.set(key, known);
    return known.formal;
  };
  for (const [node, way] of ways) {
    const { operands } = way;
    const inputs = node.inputs.map((x, i) => operand(x, i < operands.length ? operands[i] : axisOf(x)));
    made.set(
      node,
      inheriting(node.origin, () => remade(node, inputs, movesBetween(inputs.length, way, way, rows))),
    );
  }
  return { output: made.get(output) as Node, taken: [...taken.values()] };
}

const cut = (shape: Shape, axis: number, rows: number): number[] => shape.map((n, i) => (i === axis ? rows : n));
