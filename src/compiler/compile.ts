import type { TypedArray } from "../graph/dtype.ts";
import { make, type Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf, rootsOf } from "../graph/program.ts";
import { sizeOf } from "../graph/shape.ts";
import { topological } from "../graph/walk.ts";
import { batchLast } from "./batch/batch-last.ts";
import type { Limits } from "./batch/block-rows.ts";
import { inBlocks } from "./batch/blocks.ts";
import { dump, type OnPass } from "./dump.ts";
import { Allocator, type Steps } from "./ir/allocator.ts";
import type { Buffer, LoopProgram, Machine } from "./ir/loop.ts";
import { contiguous, type View } from "./ir/views.ts";
import { workOfSteps } from "./loops/parallel.ts";
import { Routines } from "./loops/routines.ts";
import { sideBySide } from "./loops/side-by-side.ts";
import { type Assignment, assign } from "./lower/assign.ts";
import { lowerBlock } from "./lower/lower.ts";
import { type MemoryPlan, planMemory } from "./memory/plan.ts";
import { verify } from "./memory/verify.ts";
import { pack } from "./pack/pack.ts";
import { literals } from "./simplify/literals.ts";
import { mergeLoops } from "./simplify/merge-loops.ts";
import { prune } from "./simplify/prune.ts";
import { simplify } from "./simplify/simplify.ts";

/** A program for a backend to print, and where its arrays lie in the arena. */
export interface Compiled {
  readonly program: LoopProgram;
  readonly inputs: ReadonlyMap<string, Buffer>;
  readonly parameters: ReadonlyMap<Parameter, Buffer>;
  readonly outputs: ReadonlyMap<string, Buffer>;
  /** Constant arrays, to be written into the arena once. */
  readonly data: readonly { readonly buffer: Buffer; readonly values: TypedArray }[];
}

/** All that is decided about a program before a loop of it is written: what `weigh` reports is this. */
export interface Planned extends Places {
  /** What is computed, as the graph's passes left it: outputs first, then new values of parameters. */
  readonly roots: readonly Node[];
  readonly steps: Steps;
  /** Found when they are asked for: not all who plan need them. */
  readonly routines: () => Routines;
  readonly workshop: Allocator;
  readonly memory: MemoryPlan;
  /** The tracked expressions, as the graph's passes left them. */
  readonly tracked: readonly Node[];
}

export interface PlanOptions {
  /** Called after each pass with its result. */
  readonly onPass?: OnPass;
  /** Which batches are taken in blocks. */
  readonly limits?: Limits;
  /** Parts of the program that are followed through the graph's passes, see `Planned.tracked`. */
  readonly tracked?: readonly Node[];
}

/**
 * The compiler, as the list of its passes: graph to graph, graph to kernels, kernels to loops.
 *
 * @param onPass  called after each pass with its result
 */
export function compileGraph(graph: GraphProgram, machine: Machine, onPass: OnPass = dump): Compiled {
  const { steps, routines, memory, workshop, inputs, parameters, outputs, data } = planGraph(graph, machine, {
    onPass,
  });
  const { buffers, shared } = workshop;
  verify(steps, buffers, shared, memory.bytes, machine.threads);
  const calls = routines().calls(steps, memory.bytes);
  const work = workOfSteps(calls, ({ routine }) => routine.work);
  const program = { steps: calls, buffers, bytes: memory.bytes, work };
  onPass("loops", () => program);
  return { program, inputs, parameters, outputs, data };
}

/** The passes up to the memory plan. */
export function planGraph(graph: GraphProgram, machine: Machine, options: PlanOptions = {}): Planned {
  const { onPass = () => {}, limits, tracked = [] } = options;
  let roots = [...rootsOf(graph), ...tracked];
  onPass("graph", () => roots);
  roots = literals(roots);
  onPass("literals", () => roots);
  roots = mergeLoops(roots);
  onPass("merged", () => roots);
  roots = prune(roots);
  onPass("pruned", () => roots);
  roots = simplify(roots);
  roots = prune(roots);
  onPass("simplified", () => roots);
  roots = inBlocks(roots, limits);
  onPass("blocks", () => roots);
  roots = batchLast(roots, machine);
  onPass("laid", () => roots);
  const followed = roots.splice(roots.length - tracked.length);

  const workshop = new Allocator();
  const { buffers, shared } = workshop;
  const places = placeLeaves(graph, roots, workshop);
  const { steps: lowered, assignments } = lower(graph, roots, places, workshop);
  onPass("lowered", () => ({ steps: lowered, shared }));
  assign(assignments, lowered, workshop);
  onPass("assigned", () => ({ steps: lowered, shared }));
  const packed = pack(lowered, workshop, machine);
  onPass("packed", () => ({ steps: packed, shared }));
  let found: Routines | undefined;
  const routines = () => {
    found ??= new Routines(packed, machine, workshop);
    return found;
  };
  let steps = sideBySide(packed, machine, (kernel) => routines().workOf(kernel));
  let memory = planMemory(steps, buffers, shared, machine.threads);
  if (memory.bytes > (machine.addressable ?? Number.POSITIVE_INFINITY)) {
    // A place for each thread is more than there is.
    steps = packed;
    memory = planMemory(steps, buffers, shared);
  }
  onPass("kernels", () => ({ steps, shared }));
  return { roots, tracked: followed, steps, routines, workshop, memory, ...places };
}

interface Places extends Omit<Compiled, "program"> {
  readonly leaves: ReadonlyMap<Node, View>;
}

/** Buffers for all that comes from outside or goes there. */
function placeLeaves(graph: GraphProgram, roots: readonly Node[], workshop: Allocator): Places {
  const leaves = new Map<Node, View>();
  const inputs = new Map<string, Buffer>();
  const parameters = new Map<Parameter, Buffer>();
  const data: { buffer: Buffer; values: TypedArray }[] = [];
  const place = (kind: Buffer["kind"], node: Node): Buffer => {
    const buffer = workshop.buffer(kind, node.dtype, sizeOf(node.shape), node);
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
      return [name, workshop.buffer("output", node.dtype, sizeOf(node.shape), roots[i])] as const;
    }),
  );
  return { leaves, inputs, parameters, outputs, data };
}

/** How often each node is read, be it as a result. */
function countReaders(roots: readonly Node[]): Map<Node, number> {
  const counts = new Map<Node, number>();
  const read = (x: Node) => void counts.set(x, (counts.get(x) ?? 0) + 1);
  for (const node of topological(roots)) node.inputs.forEach(read);
  roots.forEach(read);
  return counts;
}

/** Whether a loop's result is the last value of a carry that began as `leaf`. */
function isCarried(result: Node, leaf: Node): result is Node<"result"> {
  if (!result.is("result")) return false;
  const [loop] = result.inputs;
  return loop.is("while") && loop.inputs[result.attrs.index] === leaf;
}

interface Lowered {
  readonly steps: Steps;
  /** New values of parameters, to be moved over the old ones. */
  readonly assignments: readonly (Assignment & { readonly leaf: Node })[];
}

function lower(graph: GraphProgram, roots: readonly Node[], places: Places, workshop: Allocator): Lowered {
  const wanted = graph.outputs.map(({ name, node }, i) => ({
    node: roots[i],
    target: contiguous(places.outputs.get(name) as Buffer, node.shape),
  }));
  const readers = countReaders(roots);
  const assignments = graph.updates.flatMap(({ parameter }, i) => {
    const node = roots[graph.outputs.length + i];
    const leaf = make("parameter", [], { parameter });
    if (node === leaf) return [];
    const to = places.leaves.get(leaf) as View;
    if (isCarried(node, leaf) && readers.get(leaf) === 1) {
      // The loop works on the parameter itself: nothing is copied in or out.
      const homes = workshop.homes.get(node.inputs[0]) ?? new Map<number, View>();
      workshop.homes.set(node.inputs[0], homes.set(node.attrs.index, to));
      wanted.push({ node, target: to });
      return [];
    }
    return [{ node, leaf, from: workshop.place("temporary", node), to }];
  });
  const all = [...wanted, ...assignments.map((a) => ({ node: a.node, target: a.from }))];
  return { steps: lowerBlock(all, places.leaves, workshop, assignments), assignments };
}
