import { formal } from "../../graph/body.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import { inheriting } from "../../graph/origin.ts";
import type { Shape } from "../../graph/shape.ts";
import { dependents } from "../../graph/walk.ts";
import { reshapeNode, spread } from "../../tensor/operands.ts";
import { movesBetween } from "./axis.ts";
import { axesThrough, remade } from "./follow.ts";
import { moveAxis } from "./samples.ts";

/** What is computed for many samples, written for one. */
export interface OneSample {
  readonly output: Node;
  /** For each of the nodes that stand for a sample's own values, what there is for all samples, with samples first. */
  readonly given: ReadonlyMap<Node, Node>;
  /** What all samples share and depends on `wrt`, `wrt` themselves aside. */
  readonly shared: ReadonlySet<Node>;
}

/**
 * `output`, whose entries along `axis` belong to samples, for one of them: the reverse of `batched`. Undefined where a sample's
 * entries depend on other samples' by way of what depends on `wrt`, or pass through what is not followed (loops and branches, rules
 * of one's own). What does not depend on `wrt` is taken as it is, however it was computed.
 */
export function oneSample(output: Node, axis: number, wrt: readonly Node[]): OneSample | undefined {
  const moving = dependents([output], wrt);
  const given = new Map<Node, Node>();
  const shared = new Set<Node>();
  const known = new Map<string, Node | undefined>();

  const without = (node: Node, at: number): Node | undefined => {
    const key = `${node.id}:${at}`;
    if (!known.has(key)) {
      const made = inheriting(node.origin, () => (moving.has(node) ? followed(node, at) : taken(node, at)));
      known.set(key, made);
    }
    return known.get(key);
  };

  const taken = (node: Node, at: number): Node => {
    if (isSpread(node, at)) return followed(node, at) as Node;
    const one = formal({ shape: left(node.shape, at), dtype: node.dtype });
    given.set(one, moveAxis(node, at, 0));
    return one;
  };

  /** A value that all samples share. */
  const share = (x: Node): Node => {
    if (moving.has(x) && !wrt.includes(x)) shared.add(x);
    return x;
  };

  const followed = (node: Node, at: number): Node | undefined => {
    if (wrt.includes(node)) return undefined;
    // They say when a value is computed; for one sample it is computed when it is read.
    if (node.is("again") || node.is("checkpoint")) return without(node.inputs[0], at);
    if (isExpanded(node, at))
      return spread(reshapeNode(share(node.inputs[0]), left(node.inputs[0].shape, at)), left(node.shape, at));
    const along = axesThrough(node).find(({ result }) => result === at);
    if (!along) return undefined;
    const inputs = node.inputs.map((x, i) => {
      const place = along.operands[i];
      return place === undefined ? share(x) : without(x, place);
    });
    if (inputs.some((x) => x === undefined)) return undefined;
    return remade(node, inputs as Node[], movesBetween(inputs.length, along, undefined, node.shape[at]));
  };

  const found = without(output, axis);
  return found && { output: found, given, shared };
}

/** A shape without an axis. */
const left = (shape: Shape, axis: number) => shape.filter((_, i) => i !== axis);

/** Whether a value is spread over samples from one of its entries. */
function isExpanded(node: Node, at: number): boolean {
  return node.is("expand") && node.inputs[0].shape[at] === 1 && node.shape[at] !== 1;
}

/** Whether it is the same for all samples, at no more than the price of a few ops. */
function isSpread(node: Node, at: number, deep = 3): boolean {
  if (isExpanded(node, at)) return true;
  return deep > 0 && isElementwise(node.op) && node.inputs.every((x) => isSpread(x, at, deep - 1));
}
