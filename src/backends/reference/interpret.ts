import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { isElementwise } from "../../graph/ops.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { sizeOf } from "../../graph/shape.ts";
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
    if (node.is("scan")) several.set(node, runScan(node, inputs, env));
    else if (node.is("while")) several.set(node, runWhile(node, inputs, env));
    else if (node.is("cond")) several.set(node, runCond(node, inputs, env));
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

function bind(pairs: readonly (readonly [readonly Node[], readonly TypedArray[]])[]): Values {
  const values: Values = new Map();
  for (const [formals, actual] of pairs) formals.forEach((formal, i) => values.set(formal, actual[i]));
  return values;
}

function runScan(
  { attrs, inputs: sources }: Node<"scan">,
  inputs: readonly TypedArray[],
  env: Environment,
): TypedArray[] {
  const { carry, xs, captured, next, ys, length, reverse, count } = attrs;
  const [c, x] = [carry.length, carry.length + xs.length];
  const stacks = ys.map((y) => allocate(y.dtype, length * sizeOf(y.shape)));
  const iterations = count ? inputs[x + captured.indexOf(count)][0] : length;
  let state = inputs.slice(0, c);
  for (let step = 0; step < iterations; step++) {
    const i = reverse ? iterations - 1 - step : step;
    const slices = xs.map((slice, k) => {
      const n = sizeOf(slice.shape);
      if (sources[c + k].shape[0] !== length) throw new InternalError("scan: a sequence has the wrong length");
      return inputs[c + k].subarray(i * n, (i + 1) * n);
    });
    const results = interpret(
      [...next, ...ys],
      env,
      bind([
        [carry, state],
        [xs, slices],
        [captured, inputs.slice(x)],
      ]),
    );
    state = results.slice(0, c);
    results.slice(c).forEach((y, k) => {
      stacks[k].set(y, i * y.length);
    });
  }
  return [...state, ...stacks];
}

function runWhile({ attrs }: Node<"while">, inputs: readonly TypedArray[], env: Environment): TypedArray[] {
  const { carry, captured, test, next, ys, limit = Number.POSITIVE_INFINITY } = attrs;
  const fixed = inputs.slice(carry.length);
  const stacks = ys.map((y) => allocate(y.dtype, limit * sizeOf(y.shape)));
  let state = inputs.slice(0, carry.length);
  for (let step = 0; step < limit; step++) {
    const values = bind([
      [carry, state],
      [captured, fixed],
    ]);
    if (!interpret([test], env, values)[0][0]) break;
    const results = interpret([...next, ...ys], env, values);
    state = results.slice(0, carry.length);
    results.slice(carry.length).forEach((y, k) => {
      stacks[k].set(y, step * y.length);
    });
  }
  return [...state, ...stacks];
}

function runCond({ attrs }: Node<"cond">, inputs: readonly TypedArray[], env: Environment): TypedArray[] {
  const { captured, whenTrue, whenFalse } = attrs;
  return interpret(inputs[0][0] ? whenTrue : whenFalse, env, bind([[captured, inputs.slice(1)]]));
}
