import { createHash } from "node:crypto";
import { bodiesOf, controlOf, slotsOf } from "../../../graph/control.ts";
import type { DType, TypedArray } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";
import { Node } from "../../../graph/node.ts";
import type { Parameter } from "../../../graph/parameter.ts";
import { type GraphProgram, rootsOf } from "../../../graph/program.ts";
import { topological } from "../../../graph/walk.ts";

/** A graph without its numbers: what the compiler can see of it. */
export interface GraphKey {
  /** Equal for two graphs only when the compiler makes the same of both. */
  readonly digest: string;
  /** In the order in which the key mentions them. */
  readonly parameters: readonly Parameter[];
  /** Constant arrays, each once, in the order in which the key mentions them. Their values are not in the key. */
  readonly data: readonly { readonly values: TypedArray; readonly dtype: DType }[];
}

/**
 * The key of a graph. Every node is written once, under a number that stands for it from then on, so that two graphs
 * have one key only when they share subexpressions, formals, parameters and arrays alike. What the compiler does not
 * look at (names, values of parameters and arrays, the numbers that nodes have in this process) is left out.
 */
export function graphKey(graph: GraphProgram): GraphKey {
  const text = graphText(graph);
  return { ...text, digest: createHash("sha256").update(text.text).digest("hex") };
}

/** The key before it is digested: a line for each node. */
export function graphText(graph: GraphProgram): Omit<GraphKey, "digest"> & { readonly text: string } {
  const nodes = new Map<Node, number>();
  const parameters = new Map<Parameter, number>();
  const arrays = new Map<TypedArray, number>();
  const data: { values: TypedArray; dtype: DType }[] = [];
  let text = "";

  const value = (x: unknown): string => {
    if (typeof x === "number") return Object.is(x, -0) ? "-0" : String(x);
    if (Array.isArray(x)) return `[${x.map(value).join()}]`;
    if (x instanceof Node) return `%${nodes.get(x)}`;
    if (typeof x === "string" || typeof x === "boolean") return JSON.stringify(x);
    if (x === undefined) return "none";
    throw new InternalError("a graph's key cannot tell this attribute from others");
  };
  const attributes = (node: Node): string => {
    if (node.is("parameter")) return `knob ${numbered(parameters, node.attrs.parameter)}`;
    // These are known by their nodes alone; and a rule for derivatives changes nothing that a program computes.
    if (node.is("formal") || node.is("input") || node.is("custom")) return "";
    if (node.is("data")) {
      const array = numbered(arrays, node.attrs.data);
      data[array] ??= { values: node.attrs.data, dtype: node.dtype };
      return `array ${array}`;
    }
    let all = "";
    const attrs = node.attrs as { readonly [name: string]: unknown };
    // Identity keeps leaves apart, which the numbers of nodes do.
    for (const name in attrs) if (name !== "own") all += `${name}=${value(attrs[name])};`;
    return all;
  };
  const visit = (roots: readonly Node[]): void => {
    for (const node of topological(roots)) {
      if (nodes.has(node)) continue;
      visit(bodyOf(node));
      text += `${nodes.size}:${node.op}`;
      for (const x of node.inputs) text += ` ${nodes.get(x)}`;
      text += ` ${attributes(node)} ${node.dtype}[${node.shape.join()}]\n`;
      nodes.set(node, nodes.size);
    }
  };

  for (const update of graph.updates) numbered(parameters, update.parameter);
  visit(graph.inputs);
  visit(rootsOf(graph));
  text += `in ${value(graph.inputs)}\n`;
  text += `out ${value(graph.outputs.map((o) => o.node))}\n`;
  text += `new ${value(graph.updates.map((u) => u.node))} ${graph.updates.map((u) => parameters.get(u.parameter))}\n`;
  return { text, parameters: [...parameters.keys()], data };
}

function numbered<K>(map: Map<K, number>, key: K): number {
  const known = map.get(key);
  if (known !== undefined) return known;
  map.set(key, map.size);
  return map.size - 1;
}

/** The formals and results of a loop or of a branch's two sides. */
function bodyOf(node: Node): readonly Node[] {
  const control = controlOf(node);
  return control ? [...slotsOf(control).map((s) => s.formal), ...bodiesOf(control).flat()] : [];
}
