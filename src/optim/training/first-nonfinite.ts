import { interpret } from "../../backends/reference/interpret.ts";
import type { TypedArray } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";
import { ops } from "../../graph/ops.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape } from "../../graph/shape.ts";
import { allFinite } from "./checkpoint.ts";

class Found {
  readonly node: Node;
  readonly value: TypedArray;
  constructor(node: Node, value: TypedArray) {
    this.node = node;
    this.value = value;
  }
}

/**
 * The first expression, in order of evaluation and inside loops too, that is not finite though all its inputs are; the
 * parameters hold the values that the failing step found. Undefined when this interpreter, which rounds a little
 * differently from the backend that failed, meets none.
 */
export function firstNonFinite(roots: readonly Node[]): { node: Node; value: TypedArray } | undefined {
  try {
    interpret(roots, {
      input: () => new Float64Array(),
      parameter: (p) => p.read(),
      observe: (node, value, inputs) => {
        if (node.is("result") || isWritten(node) || allFinite(value)) return;
        if (node.inputs.every((x, i) => isNaNAsWritten(x) || allFinite(inputs[i]))) throw new Found(node, value);
      },
    });
  } catch (thrown) {
    if (thrown instanceof Found) return thrown;
    throw thrown;
  }
  return undefined;
}

/** A number that the user wrote, perhaps repeated: an infinity here is meant. */
function isWritten(node: Node): boolean {
  return node.is("constant") || (ops[node.op].class === "movement" && isWritten(node.inputs[0]));
}

/** A NaN that was written down marks an error (such as an unknown label): the expression that uses it is to blame. */
function isNaNAsWritten(node: Node): boolean {
  if (node.is("constant")) return Number.isNaN(node.attrs.value);
  return ops[node.op].class === "movement" && isNaNAsWritten(node.inputs[0]);
}

/** `exp [19,1] (made by dense(1, 32) at model.ts:12) gave Infinity`. */
export function describeCulprit({ node, value }: { node: Node; value: TypedArray }): string {
  const bad = value.find((x) => !Number.isFinite(x));
  const what = node.is("data") ? "the data" : node.is("parameter") ? `parameter ${node.attrs.parameter.name}` : node.op;
  return `${what} ${formatShape(node.shape)}${describeOrigin(node.origin)} gave ${bad}`;
}
