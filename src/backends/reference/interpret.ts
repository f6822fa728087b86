import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { InternalError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { type Combine, isElementwise } from "../../graph/ops.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { sizeOf, stridesOf } from "../../graph/shape.ts";
import { topological } from "../../graph/walk.ts";
import { scalarOf } from "./scalar.ts";

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

/** Calls `visit` with every index of `shape` in row-major order. */
function eachIndex(shape: readonly number[], visit: (index: number[], flat: number) => void): void {
  const size = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let flat = 0; flat < size; flat++) {
    visit(index, flat);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}

function dot(index: readonly number[], strides: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < strides.length; i++) sum += strides[i] * index[i];
  return sum;
}

/** Views, each as the position in the source of every element of the result (or -1 for padding). */
function move(node: Node, x: TypedArray, out: TypedArray): TypedArray {
  const [source] = node.inputs;
  const strides = stridesOf(source.shape);
  const from = (index: number[]): number => {
    if (node.is("permute"))
      return dot(
        index,
        node.attrs.order.map((axis) => strides[axis]),
      );
    if (node.is("expand"))
      return dot(
        index,
        strides.map((s, i) => (source.shape[i] === 1 ? 0 : s)),
      );
    if (node.is("slice"))
      return dot(
        index.map((n, i) => n + node.attrs.start[i]),
        strides,
      );
    if (node.is("flip"))
      return dot(
        index.map((n, i) => (node.attrs.axes.includes(i) ? node.shape[i] - 1 - n : n)),
        strides,
      );
    if (node.is("window")) {
      const { axis, stride, dilation } = node.attrs;
      const along = index[axis] * stride + index[axis + 1] * dilation;
      return dot([...index.slice(0, axis), along, ...index.slice(axis + 2)], strides);
    }
    if (!node.is("pad")) throw new InternalError(`the reference backend does not know ${node.op}`);
    const inner = index.map((n, i) => n - node.attrs.before[i]);
    return inner.every((n, i) => n >= 0 && n < source.shape[i]) ? dot(inner, strides) : -1;
  };
  eachIndex(node.shape, (index, flat) => {
    const place = from(index);
    out[flat] = place < 0 ? 0 : x[place];
  });
  return out;
}

/** Sums are kept in float64 and rounded once. */
function reduce(node: Node<"sum"> | Node<"max">, x: TypedArray, out: TypedArray): TypedArray {
  const isSum = node.is("sum");
  const total = new Float64Array(out.length).fill(isSum ? 0 : Number.NEGATIVE_INFINITY);
  const { shape } = node.inputs[0];
  const kept = stridesOf(node.shape);
  let axis = 0;
  const strides = shape.map((_, i) => (node.attrs.axes.includes(i) ? 0 : kept[axis++]));
  eachIndex(shape, (index, flat) => {
    const place = dot(index, strides);
    total[place] = isSum ? total[place] + x[flat] : Math.max(total[place], x[flat]);
  });
  out.set(total);
  return out;
}

/** Totals are kept in float64 and each is rounded once; those of int32 wrap around. */
function running(
  node: Node<"recurrence"> | Node<"cummax">,
  inputs: readonly TypedArray[],
  out: TypedArray,
): TypedArray {
  const { before, size, after } = around(node.shape, node.attrs.axis);
  const [x, b] = inputs;
  const start = inputs[inputs.length - 1];
  const step = (total: number, i: number) => {
    if (node.is("cummax")) return Math.max(total, x[i]);
    return node.dtype === "int32" ? (Math.imul(x[i], total) + b[i]) | 0 : x[i] * total + b[i];
  };
  for (let k = 0; k < before * after; k++) {
    let total = start[k];
    let place = Math.floor(k / after) * size * after + (k % after);
    for (let i = 0; i < size; i++, place += after) {
      total = step(total, place);
      out[place] = total;
    }
  }
  return out;
}

/** Sums are kept in float64 and rounded once. */
function overlap(node: Node<"overlap">, x: TypedArray, out: TypedArray): TypedArray {
  const { axis, dilation } = node.attrs;
  const total = new Float64Array(out.length);
  const strides = stridesOf(node.shape);
  eachIndex(node.inputs[0].shape, (index, flat) => {
    const along = index[axis] + index[axis + 1] * dilation;
    total[dot([...index.slice(0, axis), along, ...index.slice(axis + 2)], strides)] += x[flat];
  });
  out.set(total);
  return out;
}

function contract(node: Node<"contract">, x: TypedArray, y: TypedArray, out: TypedArray): TypedArray {
  const { a, b, out: labels } = node.attrs;
  const inner = [...new Set([...a, ...b])].filter((label) => !labels.includes(label));
  const loops = [...labels, ...inner];
  const [p, q] = node.inputs;
  const sizes = loops.map((label) => (a.includes(label) ? p.shape[a.indexOf(label)] : q.shape[b.indexOf(label)]));
  const along = (term: readonly number[], shape: readonly number[]) => {
    const strides = stridesOf(shape);
    return loops.map((label) => (term.includes(label) ? strides[term.indexOf(label)] : 0));
  };
  const [sa, sb, so] = [along(a, p.shape), along(b, q.shape), along(labels, node.shape)];
  const total = new Float64Array(out.length);
  eachIndex(sizes, (index) => {
    total[dot(index, so)] += x[dot(index, sa)] * y[dot(index, sb)];
  });
  out.set(total);
  return out;
}

/** Sizes before the axis, after it, and a clamp to its range. */
function around(shape: readonly number[], axis: number) {
  const after = sizeOf(shape.slice(axis + 1));
  const clamp = (i: number) => Math.max(0, Math.min(shape[axis] - 1, i));
  return { before: sizeOf(shape.slice(0, axis)), size: shape[axis], after, clamp };
}

function gather(node: Node<"gather">, x: TypedArray, index: TypedArray, out: TypedArray): TypedArray {
  const { before, size, after, clamp } = around(node.inputs[0].shape, node.attrs.axis);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) for (let a = 0; a < after; a++) out[o++] = x[(b * size + clamp(i)) * after + a];
  }
  return out;
}

/** Sums are kept in float64 and rounded once. */
function scatter(node: Node<"scatter">, index: TypedArray, x: TypedArray, out: TypedArray): TypedArray {
  const { before, size, after, clamp } = around(node.shape, node.attrs.axis);
  const total = new Float64Array(out.length);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) for (let a = 0; a < after; a++) total[(b * size + clamp(i)) * after + a] += x[o++];
  }
  if (node.dtype === "int32") return out.map((_, i) => total[i] | 0);
  out.set(total);
  return out;
}

const combined: { readonly [K in Combine]: (old: number, update: number) => number } = {
  set: (_, update) => update,
  min: Math.min,
  max: Math.max,
  mul: (old, update) => old * update,
};

/** One update after another, each rounded. */
function scatterInto(node: Node<"scatterInto">, [index, x, base]: readonly TypedArray[], out: TypedArray): TypedArray {
  const { before, size, after, clamp } = around(node.shape, node.attrs.axis);
  const combine = node.dtype === "int32" && node.attrs.combine === "mul" ? Math.imul : combined[node.attrs.combine];
  out.set(base);
  for (let b = 0, o = 0; b < before; b++) {
    for (const i of index) {
      for (let a = 0; a < after; a++, o++) {
        const place = (b * size + clamp(i)) * after + a;
        out[place] = combine(out[place], x[o]);
      }
    }
  }
  return out;
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
