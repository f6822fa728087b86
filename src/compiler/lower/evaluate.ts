import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import type { Guard, Scalar } from "../ir/kernel.ts";
import { type Affine, at, sameAffine } from "../ir/loop.ts";
import { moveView, position, sourceIndex, type View } from "../ir/views.ts";

/** What a kernel knows of the nodes around it. */
export interface Surroundings {
  /** Where a node's elements lie in memory, when they do. */
  view(node: Node): View | undefined;
  /** The value of a member of the kernel itself, at its own point. */
  own(node: Node, index: readonly Affine[]): Scalar | undefined;
}

/** The view of a node that is a chain of views over something in memory. */
export function viewThrough(node: Node, view: (node: Node) => View | undefined): View | undefined {
  const known = view(node);
  if (known) return known;
  if (!["reshape", "permute", "expand", "slice", "flip", "window", "again"].includes(node.op)) return undefined;
  const source = viewThrough(node.inputs[0], view);
  return source && moveView(node, source);
}

/** Builds the scalar expression of a node's element at an index, down to loads: views become index arithmetic. */
export class Evaluator {
  readonly #known = new Map<Node, Map<string, Scalar>>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  at(node: Node, index: readonly Affine[], guards: readonly Guard[] = []): Scalar {
    const key = guards.length === 0 ? indexKey(index) : `${indexKey(index)}|${guards.map(guardKey).join(",")}`;
    const known = this.#known.get(node) ?? new Map<string, Scalar>();
    this.#known.set(node, known);
    let value = known.get(key);
    if (!value) {
      value = this.#around.own(node, index) ?? this.define(node, index, guards);
      known.set(key, value);
    }
    return value;
  }

  /** As `at`, but never the member's own value: its definition. */
  define(node: Node, index: readonly Affine[], guards: readonly Guard[] = []): Scalar {
    const { dtype } = node;
    const go = (x: Node, i: readonly Affine[]) => this.at(x, i, guards);
    const view = this.#around.view(node);
    if (view) return { kind: "load", buffer: view.buffer, at: position(view, index), guards, dtype };
    const [x] = node.inputs;
    if (node.is("constant")) return { kind: "constant", value: node.attrs.value, dtype };
    if (node.is("iota")) return { kind: "position", at: index[0], dtype: "int32" };
    if (isElementwise(node.op))
      return {
        kind: "apply",
        op: node.op,
        args: node.inputs.map((y) => go(y, index)),
        dtype,
        ...(node.is("polygamma") && { order: node.attrs.order }),
      };
    if (node.is("pad")) return this.#pad(node, index, guards);
    if (node.is("reshape")) return this.#reshape(node, index, guards);
    if (node.is("gather")) return this.#gather(node, index, guards);
    const inner = sourceIndex(node, index);
    if (inner) return go(x, inner);
    throw new InternalError(`${node.op} cannot be computed inside a kernel`);
  }

  #pad(node: Node<"pad">, index: readonly Affine[], guards: readonly Guard[]): Scalar {
    const [x] = node.inputs;
    const inner = sourceIndex(node, index) as readonly Affine[];
    const added: Guard[] = inner.flatMap((i, axis) =>
      node.attrs.before[axis] > 0 || node.attrs.after[axis] > 0 ? [{ at: i, from: 0, to: x.shape[axis] }] : [],
    );
    return this.within(x, inner, added, guards);
  }

  /** As `at` where the added guards hold too, and zero where one fails. */
  within(node: Node, index: readonly Affine[], added: readonly Guard[], guards: readonly Guard[] = []): Scalar {
    const value = this.at(node, index, [...guards, ...added]);
    return value.kind === "load" ? value : { kind: "within", guards: added, value, dtype: node.dtype };
  }

  #reshape(node: Node<"reshape">, index: readonly Affine[], guards: readonly Guard[]): Scalar {
    const [x] = node.inputs;
    const view = viewThrough(node, (y) => this.#around.view(y));
    if (view) return { kind: "load", buffer: view.buffer, at: position(view, index), guards, dtype: node.dtype };
    const inner = sourceIndex(node, index);
    if (inner) return this.at(x, inner, guards);
    let base: Node = x;
    while (base.op === "expand" || base.op === "reshape") base = base.inputs[0];
    if (base.op !== "constant") throw new InternalError("a reshape that merges axes was not stored");
    return this.at(base, [], guards);
  }

  #gather(node: Node<"gather">, index: readonly Affine[], guards: readonly Guard[]): Scalar {
    const [x, where] = node.inputs;
    const { axis, inRange = false } = node.attrs;
    const view = viewThrough(x, (y) => this.#around.view(y));
    if (!view) throw new InternalError("gather: the source was not stored");
    const rank = where.shape.length;
    const rest = [...index.slice(0, axis), at(0), ...index.slice(axis + rank)];
    const chosen = this.at(where, index.slice(axis, axis + rank), guards);
    const moving = { position: chosen, scale: view.strides[axis], size: x.shape[axis], inRange };
    return { kind: "load", buffer: view.buffer, at: position(view, rest), guards, moving, dtype: node.dtype };
  }
}

const indexKeys = new WeakMap<readonly Affine[], string>();

/** The operands of an elementwise expression are asked for with one and the same index. */
function indexKey(index: readonly Affine[]): string {
  let key = indexKeys.get(index);
  if (key === undefined) {
    key = index.map(affineKey).join(",");
    indexKeys.set(index, key);
  }
  return key;
}

function affineKey(a: Affine): string {
  return `${a.offset}${a.terms.map((t) => `+${t.scale}i${t.index.id}`).join("")}`;
}

function guardKey(g: Guard): string {
  return `${g.from}<=${affineKey(g.at)}<${g.to}`;
}

export function sameIndex(a: readonly Affine[], b: readonly Affine[]): boolean {
  return a.length === b.length && a.every((x, i) => sameAffine(x, b[i]));
}
