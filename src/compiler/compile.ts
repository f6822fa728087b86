import type { TypedArray } from "../graph/dtype.ts";
import { make, type Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf, rootsOf } from "../graph/program.ts";
import { sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { assign } from "./assign.ts";
import { inBlocks } from "./blocks.ts";
import { dump } from "./dump.ts";
import type { Buffer, LoopProgram, Machine } from "./loop.ts";
import { lowerBlock } from "./lower.ts";
import { planMemory } from "./memory.ts";
import { mergeLoops } from "./merge-loops.ts";
import { pack } from "./pack.ts";
import { workOfSteps } from "./parallel.ts";
import { prune } from "./prune.ts";
import { routines } from "./routines.ts";
import { simplify } from "./simplify.ts";
import { verify } from "./verify.ts";
import { contiguous, type View } from "./views.ts";
import { type Steps, Workshop } from "./workshop.ts";

/** A program for a backend to print, and where its arrays lie in the arena. */
export interface Compiled {
  readonly program: LoopProgram;
  readonly inputs: ReadonlyMap<string, Buffer>;
  readonly parameters: ReadonlyMap<Parameter, Buffer>;
  readonly outputs: ReadonlyMap<string, Buffer>;
  /** Constant arrays, to be written into the arena once. */
  readonly data: readonly { readonly buffer: Buffer; readonly values: TypedArray }[];
}

/** The compiler, as the list of its passes: graph to graph, graph to kernels, kernels to loops. */
export function compileGraph(graph: GraphProgram, machine: Machine): Compiled {
  let roots = rootsOf(graph);
  dump("graph", () => roots);
  roots = mergeLoops(roots);
  roots = prune(roots);
  roots = simplify(roots);
  roots = prune(roots);
  dump("simplified", () => roots);
  roots = inBlocks(roots);
  dump("blocks", () => roots);

  const workshop = new Workshop();
  const places = placeLeaves(graph, roots, workshop);
  const steps = pack(lower(graph, roots, places, workshop), workshop, machine);
  const bytes = planMemory(steps, workshop.buffers, workshop.shared, machine.threads);
  dump("kernels", () => steps);
  verify(steps, workshop.buffers, workshop.shared, bytes);

  const written = routines(steps, machine, workshop, bytes);
  const program = { steps: written, buffers: workshop.buffers, bytes, work: workOfSteps(written) };
  dump("loops", () => program);
  return { program, ...places };
}

interface Places extends Omit<Compiled, "program"> {
  readonly leaves: ReadonlyMap<Node, View>;
}

/** Buffers for all that comes from outside or goes there. */
function placeLeaves(graph: GraphProgram, roots: readonly Node[], workshop: Workshop): Places {
  const leaves = new Map<Node, View>();
  const inputs = new Map<string, Buffer>();
  const parameters = new Map<Parameter, Buffer>();
  const data: { buffer: Buffer; values: TypedArray }[] = [];
  const place = (kind: Buffer["kind"], node: Node): Buffer => {
    const buffer = workshop.buffer(kind, node.dtype, sizeOf(node.shape));
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
    graph.outputs.map(({ name, node }) => [name, workshop.buffer("output", node.dtype, sizeOf(node.shape))]),
  );
  return { leaves, inputs, parameters, outputs, data };
}

function lower(graph: GraphProgram, roots: readonly Node[], places: Places, workshop: Workshop): Steps {
  const wanted = graph.outputs.map(({ name, node }, i) => ({
    node: roots[i],
    target: contiguous(places.outputs.get(name) as Buffer, node.shape),
  }));
  const assignments = graph.updates.flatMap(({ parameter }, i) => {
    const node = roots[graph.outputs.length + i];
    const leaf = make("parameter", [], { parameter });
    if (node === leaf) return [];
    const to = places.leaves.get(leaf) as View;
    return [{ node, leaf, from: workshop.place("temporary", node), to }];
  });
  const all = [...wanted, ...assignments.map((a) => ({ node: a.node, target: a.from }))];
  const steps = lowerBlock(all, places.leaves, workshop, assignments);
  assign(assignments, steps, workshop);
  return steps;
}
