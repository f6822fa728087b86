import { isFloat } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import { rewrite, withInputs } from "../../graph/walk.ts";
import { constant, reshapeNode, spread, uniform } from "../../tensor/operands.ts";
import { mapBodies } from "./bodies.ts";
import { simplerContract, simplerPermute } from "./simpler-contract.ts";

/**
 * Replaces expressions by simpler ones of exactly the same value, to the sign of a zero: identities, constants
 * folded through views, contractions over nothing, and so on. Bodies of loops and branches are simplified too.
 */
export function simplify(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node, inputs) => simpler(mapBodies(withInputs(node, inputs), simplify)));
}

function simpler(node: Node): Node {
  const [x, y] = node.inputs;
  if (node.op === "stop" || node.op === "checkpoint" || node.op === "custom") return x;
  if (node.op === "neg" && x.op === "neg") return x.inputs[0];
  if (node.is("cast") && node.attrs.to === x.dtype) return x;
  if (isElementwise(node.op)) return identity(node) ?? folded(node) ?? node;
  if (node.is("permute")) return simplerPermute(node, x);
  if (node.is("expand") && x.is("expand")) return make("expand", [x.inputs[0]], node.attrs);
  if (node.is("reshape")) return reshapeNode(x.is("reshape") ? x.inputs[0] : x, node.shape);
  if (node.is("sum")) {
    const axes = node.attrs.axes.filter((axis) => x.shape[axis] !== 1);
    if (axes.length === node.attrs.axes.length) return node;
    const squeezed = reshapeNode(
      x,
      x.shape.filter((_, i) => !node.attrs.axes.includes(i) || axes.includes(i)),
    );
    if (axes.length === 0) return squeezed;
    const kept = x.shape.map((_, i) => i).filter((i) => !node.attrs.axes.includes(i) || axes.includes(i));
    return make("sum", [squeezed], { axes: axes.map((axis) => kept.indexOf(axis)) });
  }
  if (node.is("contract")) return simplerContract(node, x, y);
  return node;
}

/** x + 0, x * 1 and their like. As -0 + 0 is 0, what may be a negative zero only -0 leaves as it is. */
function identity(node: Node): Node | undefined {
  const [x, y] = node.inputs;
  const [a, b] = [uniform(x), y && uniform(y)];
  const leaves = (term: number | undefined, other: Node) =>
    term === 0 && (Object.is(term, -0) || !maybeMinusZero(other));
  if (node.op === "add") return leaves(b, x) ? x : leaves(a, y) ? y : undefined;
  if (node.op === "sub") return b === 0 && (Object.is(b, 0) || !maybeMinusZero(x)) ? x : undefined;
  if (node.op === "mul") return b === 1 ? x : a === 1 ? y : undefined;
  if (node.op === "div") return b === 1 ? x : undefined;
  return undefined;
}

/** Arithmetic of literals: IEEE 754 rounds it here as it would when the program runs. */
function folded(node: Node): Node | undefined {
  const operation = arithmetic[node.op];
  if (!operation || !isFloat(node.dtype)) return undefined;
  const [a, b = 0] = node.inputs.map(uniform);
  if (a === undefined || node.inputs.some((x) => uniform(x) === undefined)) return undefined;
  return spread(constant(operation(a, b), node.dtype), node.shape);
}

/** Of float32, rounded to float64 and then to float32, these are the same as rounded once (Figueroa, SIGNUM 30, 21, 1995). */
const arithmetic: { readonly [op: string]: (a: number, b: number) => number } = {
  neg: (a) => -a,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
};

/** Sums begin with 0, and these functions have no negative result. */
const noMinusZero: ReadonlySet<string> = new Set([
  "sum",
  "contract",
  "overlap",
  "scatter",
  "abs",
  "exp",
  "sigmoid",
  "softplus",
]);

/** Whether an element may be -0, as far as a look at an expression and at what it moves can tell. */
function maybeMinusZero(x: Node): boolean {
  if (!isFloat(x.dtype) || noMinusZero.has(x.op)) return false;
  if (x.is("constant")) return Object.is(x.attrs.value, -0);
  if (x.op === "mul" && x.inputs[0] === x.inputs[1]) return false;
  if (x.op === "expand" || x.op === "reshape" || x.op === "permute" || x.op === "slice")
    return maybeMinusZero(x.inputs[0]);
  return true;
}
