import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { formatShape } from "../../graph/shape.ts";
import { constant, elementwise, positions, reshapeNode } from "../../tensor/operands.ts";
import { type Batched, led, moveAxis } from "./samples.ts";

type Indexed = Node<"gather"> | Node<"scatter"> | Node<"scatterInto">;

export function isIndexed(node: Node): node is Indexed {
  return node.is("gather") || node.is("scatter") || node.is("scatterInto");
}

/**
 * Where each sample looks up in a table of its own, or puts entries into one: all tables are one, and each index counts from where
 * its sample's begins. Undefined where samples share the index or the table.
 */
export function inOneTable(node: Indexed, inputs: readonly Batched[], size: number): Node | undefined {
  if (node.is("gather")) return inputs.every(({ has }) => has) ? gatherOwn(node, inputs) : undefined;
  return inputs[0].has ? scatterOwn(node, inputs, size) : undefined;
}

function gatherOwn(node: Node<"gather">, [x, index]: readonly Batched[]): Node {
  const { axis } = node.attrs;
  const n = node.inputs[0].shape[axis];
  const found = make("gather", [joined(x.node, axis), inOwnPart(index.node, n)], { axis: 0 });
  // [samples, index, before, behind] to [samples, before, index, behind].
  return blockMoved(found, 1, index.node.shape.length - 1, axis);
}

function scatterOwn(node: Node<"scatter"> | Node<"scatterInto">, inputs: readonly Batched[], size: number): Node {
  const { axis } = node.attrs;
  const n = node.shape[axis];
  const [index, updates, base] = inputs.map((x) => led(x, size));
  const places = inOwnPart(index, n);
  const given = blockMoved(updates, 1, axis, index.shape.length - 1);
  const whole = node.is("scatter")
    ? make("scatter", [places, given], { axis: 0, size: size * n })
    : make("scatterInto", [places, given, joined(base, axis)], { ...node.attrs, axis: 0 });
  const [, ...rest] = whole.shape;
  return moveAxis(reshapeNode(whole, [size, n, ...rest]), 1, axis + 1);
}

/** [samples, before, n, behind] as [samples n, before, behind]. */
function joined(table: Node, axis: number): Node {
  const [samples, n, ...rest] = moveAxis(table, axis + 1, 1).shape;
  return reshapeNode(moveAxis(table, axis + 1, 1), [samples * n, ...rest]);
}

/** The index, clamped to a table of `n` as ever, into the sample's own part of all tables. */
function inOwnPart(index: Node, n: number): Node {
  const [size] = index.shape;
  if (size * n >= 2 ** 31) {
    throw new PondusError(
      "vmap.size",
      `vmap: ${size} samples with ${n} entries each, looked up by an index ${formatShape(index.shape)}, are more than an int32 ` +
        "counts; map over fewer samples at a time.",
    );
  }
  const int = (value: number) => constant(value, "int32");
  const clamped = elementwise("minimum", [elementwise("maximum", [index, int(0)]), int(Math.max(0, n - 1))]);
  return elementwise("add", [elementwise("mul", [positions(index.shape, 0), int(n)]), clamped]);
}

/** So many axes from `at` on behind as many others that follow them. */
function blockMoved(x: Node, at: number, count: number, others: number): Node {
  const axes = x.shape.map((_, axis) => axis);
  const [block, next] = [axes.slice(at, at + count), axes.slice(at + count, at + count + others)];
  const order = [...axes.slice(0, at), ...next, ...block, ...axes.slice(at + count + others)];
  return order.every((axis, i) => axis === i) ? x : make("permute", [x], { order });
}
