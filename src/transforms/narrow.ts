import { formal } from "../graph/body.ts";
import { make } from "../graph/make.ts";
import type { Node, OpAttrs } from "../graph/node.ts";
import { isElementwise } from "../graph/ops.ts";
import { inheriting } from "../graph/origin.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";

/** What `narrow` made. */
export interface Narrowed {
  readonly output: Node;
  /** What was taken from outside and has entries of its own along the axis, of which `formal` stands for a few. */
  readonly taken: readonly { readonly whole: Node; readonly axis: number; readonly formal: Node }[];
}

/** A formal, its axis along which entries have nothing to do with one another, and what stands for a few of them. */
export type Along = ReadonlyMap<Node, { readonly axis: number; readonly few: Node }>;

/** What is written in an operand's place, at whose own `axis` the entries lie, if anywhere. */
type Operand = (x: Node, axis: number | undefined) => Node;

/** Where a result's entries lie, and how it is written for a few of them. */
interface Followed {
  readonly axis: number;
  readonly remake: (operand: Operand) => Node;
}

/**
 * Writes `output`, which is computed from formals entry by entry along an axis of `size`, for `rows` of the entries:
 * [3, size] tanh(x + p) from x [3, size] and p [size] becomes [3, rows] from so much of both. Undefined where it is not
 * computed so, or is by way of something that this does not follow (loops and branches, rules of one's own).
 *
 * @param axis  of `output`
 */
export function narrow(output: Node, axis: number, along: Along, size: number, rows: number): Narrowed | undefined {
  const found = new Map<Node, Followed>();
  const axisOf = (x: Node) => along.get(x)?.axis ?? found.get(x)?.axis;
  for (const node of topological([output])) {
    if (along.has(node) || !node.inputs.some((x) => axisOf(x) !== undefined)) continue;
    const followed = follow(node, axisOf, size, rows);
    if (!followed) return undefined;
    found.set(node, followed);
  }
  if (axisOf(output) !== axis) return undefined;

  const taken = new Map<string, { whole: Node; axis: number; formal: Node }>();
  const made = new Map<Node, Node>([...along].map(([formal, { few }]) => [formal, few]));
  const operand: Operand = (x, at) => {
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
  for (const [node, { remake }] of found) {
    made.set(
      node,
      inheriting(node.origin, () => remake(operand)),
    );
  }
  return { output: made.get(output) as Node, taken: [...taken.values()] };
}

const cut = (shape: Shape, axis: number, rows: number): number[] => shape.map((n, i) => (i === axis ? rows : n));

function follow(node: Node, axisOf: (x: Node) => number | undefined, size: number, rows: number): Followed | undefined {
  const [x, y] = node.inputs;
  if (isElementwise(node.op)) {
    const axes = new Set(node.inputs.flatMap((z) => axisOf(z) ?? []));
    const [axis] = axes;
    if (axes.size !== 1) return undefined;
    const remake = (operand: Operand) =>
      make(
        node.op,
        node.inputs.map((z) => operand(z, axis)),
        node.attrs,
      );
    return { axis, remake };
  }
  if (node.is("contract")) return followContract(node, axisOf);
  const at = axisOf(x);
  if (node.is("gather")) {
    const { axis } = node.attrs;
    const inIndex = axisOf(y);
    if (at === axis || (at !== undefined && inIndex !== undefined)) return undefined;
    const to = at === undefined ? axis + (inIndex as number) : at < axis ? at : at - 1 + y.shape.length;
    return { axis: to, remake: (operand) => make("gather", [operand(x, at), operand(y, inIndex)], node.attrs) };
  }
  if (node.is("scatter")) {
    const { axis } = node.attrs;
    const own = axisOf(y);
    if (at !== undefined || own === undefined || (own >= axis && own < axis + x.shape.length)) return undefined;
    const to = own < axis ? own : own + 1 - x.shape.length;
    return { axis: to, remake: (operand) => make("scatter", [x, operand(y, own)], node.attrs) };
  }
  if (at === undefined) return undefined;
  const moved = (axis: number, attrs: OpAttrs[typeof node.op] = node.attrs): Followed => ({
    axis,
    remake: (operand) =>
      make(node.op, [operand(x, at), ...node.inputs.slice(1).map((z) => operand(z, axisOf(z)))], attrs),
  });
  const shaped = (axis: number) => moved(axis, { shape: cut(node.shape, axis, rows) } as OpAttrs[typeof node.op]);
  if (node.is("again") || node.is("checkpoint")) return moved(at);
  if (node.is("expand")) return shaped(at);
  if (node.is("permute")) return moved(node.attrs.order.indexOf(at));
  if (node.is("sum") || node.is("max")) {
    const { axes } = node.attrs;
    return axes.includes(at) ? undefined : moved(at - axes.filter((axis) => axis < at).length);
  }
  if (node.is("window")) {
    return at === node.attrs.axis ? undefined : moved(at + Number(at > node.attrs.axis));
  }
  if (node.is("overlap")) {
    const { axis } = node.attrs;
    return at === axis || at === axis + 1 ? undefined : moved(at - Number(at > axis));
  }
  if (node.is("flip")) return node.attrs.axes.includes(at) ? undefined : moved(at);
  if (node.is("pad")) return node.attrs.before[at] === 0 && node.attrs.after[at] === 0 ? moved(at) : undefined;
  if (node.is("slice")) {
    const { start, stop } = node.attrs;
    if (start[at] !== 0 || stop[at] !== size) return undefined;
    return moved(at, { start, stop: cut(stop, at, rows) } as OpAttrs[typeof node.op]);
  }
  if (node.is("reshape")) {
    const before = sizeOf(x.shape.slice(0, at));
    const to = node.shape.findIndex((n, i) => n === size && sizeOf(node.shape.slice(0, i)) === before);
    return to < 0 ? undefined : shaped(to);
  }
  return undefined;
}

function followContract(node: Node<"contract">, axisOf: (x: Node) => number | undefined): Followed | undefined {
  const { a, b, out } = node.attrs;
  const [x, y] = node.inputs;
  if (new Set(a).size < a.length || new Set(b).size < b.length) return undefined;
  const [p, q] = [axisOf(x), axisOf(y)];
  const label = p === undefined ? b[q as number] : a[p];
  if ((p !== undefined && q !== undefined && a[p] !== b[q]) || !out.includes(label)) return undefined;
  const place = (labels: readonly number[]) => (labels.includes(label) ? labels.indexOf(label) : undefined);
  const remake = (operand: Operand) => make("contract", [operand(x, place(a)), operand(y, place(b))], node.attrs);
  return { axis: out.indexOf(label), remake };
}
