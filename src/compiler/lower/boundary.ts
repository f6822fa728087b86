import type { TypedArray } from "../../graph/dtype.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { type GraphProgram, parametersOf } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape.ts";
import { topological } from "../../graph/walk.ts";
import type { Allocator } from "../ir/allocator.ts";
import type { Buffer } from "../ir/loop.ts";
import { contiguous, type View } from "../ir/views.ts";

/** The arrays of a program that come from outside or go there. */
export interface Boundary {
  readonly inputs: ReadonlyMap<string, Buffer>;
  readonly parameters: ReadonlyMap<Parameter, Buffer>;
  readonly outputs: ReadonlyMap<string, Buffer>;
  /** Constant arrays, to be written into the arena once. */
  readonly data: readonly { readonly buffer: Buffer; readonly values: TypedArray }[];
  /** Where the leaves of the graph lie. */
  readonly leaves: ReadonlyMap<Node, View>;
}

/**
 * Makes them.
 *
 * @param roots  results, then new values of parameters, as the graph's passes left them
 */
export function boundaryOf(graph: GraphProgram, roots: readonly Node[], allocator: Allocator): Boundary {
  const leaves = new Map<Node, View>();
  const inputs = new Map<string, Buffer>();
  const parameters = new Map<Parameter, Buffer>();
  const data: { buffer: Buffer; values: TypedArray }[] = [];
  const place = (kind: Buffer["kind"], node: Node): Buffer => {
    const buffer = allocator.buffer(kind, node.dtype, sizeOf(node.shape), node);
    leaves.set(node, contiguous(buffer, node.shape));
    return buffer;
  };
  for (const node of graph.inputs) inputs.set(node.attrs.name, place("input", node));
  for (const parameter of parametersOf(graph)) {
    parameters.set(parameter, place("parameter", make("parameter", [], { parameter })));
  }
  // Bodies of loops and branches are closed: whatever data they use comes in from here.
  for (const node of topological(roots)) {
    if (node.is("data")) data.push({ buffer: place("data", node), values: node.attrs.data });
  }
  const outputs = new Map(
    graph.outputs.map(({ name, node }, i) => {
      return [name, allocator.buffer("output", node.dtype, sizeOf(node.shape), roots[i])] as const;
    }),
  );
  return { inputs, parameters, outputs, data, leaves };
}
