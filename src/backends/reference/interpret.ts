import {
  bodiesOf,
  type Control,
  controlOf,
  resultsOf,
  type Scan,
  slotsOf,
  valuesOf,
  type While,
} from "../../graph/control.ts";
import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { sizeOf } from "../../graph/shape.ts";
import { iterationsOf } from "../../graph/types.ts";
import { topological } from "../../graph/walk.ts";
import { gather, scatter, scatterInto } from "./lookups.ts";
import { move } from "./movement.ts";
import { scalarOf } from "./scalar.ts";
import { contract, overlap, reduce, running } from "./sums.ts";

/** Where leaves find their values, and what is called with each result. */
export interface Environment {
  input(name: string): TypedArray;
  parameter(parameter: Parameter): TypedArray;
  /** Called with every value as it is computed, inside loops too. */
  observe?(node: Node, value: TypedArray, inputs: readonly TypedArray[]): void;
}

type Values = Map<Node, TypedArray>;

/** Evaluates graph nodes one by one into arrays of their own: slow, obvious, and the oracle for every other backend. */
export function interpret(roots: readonly Node[], env: Environment, formals: Values = new Map()): TypedArray[] {
  const values: Values = new Map(formals);
  const several = new Map<Node, TypedArray[]>();
  for (const node of topological(roots)) {
    if (values.has(node)) continue;
    const inputs = node.inputs.map((x) => values.get(x) as TypedArray);
    const control = controlOf(node);
    if (control) several.set(node, run(control, values, env));
    else {
      const value = node.is("result")
        ? (several.get(node.inputs[0]) as TypedArray[])[node.attrs.index]
        : evaluate(node, inputs, env);
      values.set(node, value);
      env.observe?.(node, value, inputs);
    }
  }
  return roots.map((node) => values.get(node) as TypedArray);
}

function evaluate(node: Node, inputs: readonly TypedArray[], env: Environment): TypedArray {
  const out = allocate(node.dtype, sizeOf(node.shape));
  const [x, y] = inputs;
  if (node.is("constant")) return out.fill(node.attrs.value);
  if (node.is("data")) return node.attrs.data;
  if (node.is("iota")) return out.map((_, i) => i);
  if (node.is("input")) return env.input(node.attrs.name);
  if (node.is("parameter")) return env.parameter(node.attrs.parameter);
  if (isElementwise(node.op)) {
    const f = scalarOf(node);
    for (let i = 0; i < out.length; i++) out[i] = f(x[i], y?.[i], inputs[2]?.[i]);
    return out;
  }
  if (node.is("reshape") || node.is("again") || node.is("checkpoint") || node.is("custom")) {
    out.set(x);
    return out;
  }
  if (node.is("sum") || node.is("max")) return reduce(node, x, out);
  if (node.is("recurrence") || node.is("cummax")) return running(node, inputs, out);
  if (node.is("overlap")) return overlap(node, x, out);
  if (node.is("contract")) return contract(node, x, y, out);
  if (node.is("gather")) return gather(node, x, y, out);
  if (node.is("scatter")) return scatter(node, x, y, out);
  if (node.is("scatterInto")) return scatterInto(node, inputs, out);
  return move(node, x, out);
}

/** The results of a loop or branch, whose inputs are among `values`. */
function run(control: Control, values: Values, env: Environment): TypedArray[] {
  const of = (x: Node) => values.get(x) as TypedArray;
  const fixed = slotsOf({ ...control, carry: [], xs: [] }).map((s) => [s.formal, of(s.input)] as const);
  if (control.op !== "cond") return runLoop(control, of, fixed, env);
  const [yes, no] = bodiesOf(control);
  return interpret(of(control.condition)[0] ? yes : no, env, new Map(fixed));
}

function runLoop(
  loop: Scan | While,
  of: (x: Node) => TypedArray,
  fixed: readonly (readonly [Node, TypedArray])[],
  env: Environment,
): TypedArray[] {
  const { carry, xs, outs } = loop;
  const most = iterationsOf(loop);
  const iterations = loop.op === "scan" && loop.count ? of(loop.count.input)[0] : most;
  const stacks = outs.map(({ values: [y] }) => allocate(y.dtype, most * sizeOf(y.shape)));
  let state = carry.map((c) => of(c.input));
  for (let step = 0; step < iterations; step++) {
    const i = loop.op === "scan" && loop.reverse ? iterations - 1 - step : step;
    const values: Values = new Map(fixed);
    carry.forEach((c, k) => void values.set(c.formal, state[k]));
    for (const { formal, input } of xs) {
      const n = sizeOf(formal.shape);
      if (input.shape[0] !== most) throw new InternalError("scan: a sequence has the wrong length");
      values.set(formal, of(input).subarray(i * n, (i + 1) * n));
    }
    if (loop.op === "while" && !interpret([loop.test], env, values)[0][0]) break;
    const results = interpret(resultsOf(loop).flatMap(valuesOf), env, values);
    state = results.slice(0, carry.length);
    stacks.forEach((stack, k) => {
      const y = results[carry.length + k];
      stack.set(y, i * y.length);
    });
  }
  return [...state, ...stacks];
}
