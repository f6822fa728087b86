import { isFloat } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { Node, OpAttrs } from "../../graph/node.ts";
import { constant, elementwise } from "../../tensor/operands.ts";
import { orZeros } from "../zero.ts";
import { type Batched, chosen, led } from "./samples.ts";

/**
 * A branch, or an iteration, that only some samples take is computed for all of them. For the others its derivatives may be
 * infinite or NaN, which no choice among the results mends: 0 times infinity is NaN. So whatever comes into such a part from outside
 * is masked there.
 *
 * @param takes  bool, the first axes of x: which samples take the part
 * @returns      x, through which no derivative passes for samples that do not
 */
export function masked(x: Node, takes: Node): Node {
  return isFloat(x.dtype) ? make("custom", [x, x, takes], mask) : x;
}

const mask: OpAttrs["custom"] = {
  backward: ([, takes], cotangent) => [chosen(takes, cotangent, orZeros(undefined, cotangent))],
  forward: ([, takes], [tangent]) => tangent && masked(tangent, takes),
};

export const isMask = (node: Node): boolean => node.is("custom") && node.attrs.backward === mask.backward;

/** Which samples take a part of a part. */
export const both = (takes: Node | undefined, test: Node): Node => (takes ? elementwise("and", [takes, test]) : test);

/** Whether any sample takes a part. */
export function anyOf(takes: Node): Node {
  const most = make("max", [make("cast", [takes], { to: "int32" })], { axes: [0] });
  return elementwise("lt", [constant(0, "int32"), most]);
}

/** What is the same for all samples, spread and masked. */
export const ownIn = (x: Batched, size: number, takes: Node | undefined): Node =>
  x.has || !takes ? led(x, size) : masked(led(x, size), takes);

/**
 * The operands of an op in such a part, where what is the same for all samples meets what is not: it is a sample's own from there on.
 * A product's and a table's are not spread, as they may be large; what is done with them is masked.
 */
export function operandsIn(node: Node, inputs: readonly Batched[], size: number, takes: Node): readonly Batched[] {
  if (node.is("gather") || inputs.every(({ has }) => has)) return inputs;
  if (node.is("contract")) {
    return inputs.map((x) => (x.has ? { ...x, node: chosen(takes, x.node, orZeros(undefined, x.node)) } : x));
  }
  return inputs.map((x) => (isFloat(x.node.dtype) ? { node: ownIn(x, size, takes), has: true } : x));
}

/** The result of such an op. */
export function resultIn(node: Node, inputs: readonly Batched[], result: Node, takes: Node): Node {
  const shares = (node.is("gather") || node.is("contract")) && !inputs.every(({ has }) => has);
  return shares ? masked(result, takes) : result;
}
