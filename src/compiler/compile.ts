import type { Node } from "../graph/node.ts";
import { type GraphProgram, rootsOf } from "../graph/program.ts";
import { batchLast } from "./batch/batch-last.ts";
import type { Limits } from "./batch/block-rows.ts";
import { inBlocks } from "./batch/blocks.ts";
import { type Dumpable, dump, type OnPass } from "./dump.ts";
import { Allocator } from "./ir/allocator.ts";
import type { Kernels } from "./ir/block.ts";
import type { Buffer, LoopProgram, Machine } from "./ir/loop.ts";
import { workOfSteps } from "./loops/parallel.ts";
import { Routines } from "./loops/routines.ts";
import { sideBySide } from "./loops/side-by-side.ts";
import { assign } from "./lower/assign.ts";
import { type Boundary, boundaryOf } from "./lower/boundary.ts";
import { lowerProgram } from "./lower/program.ts";
import { type MemoryPlan, planMemory, settle } from "./memory/plan.ts";
import { verify } from "./memory/verify.ts";
import { pack } from "./pack/pack.ts";
import { literals } from "./simplify/literals.ts";
import { mergeLoops } from "./simplify/merge-loops.ts";
import { prune } from "./simplify/prune.ts";
import { simplify } from "./simplify/simplify.ts";

/** A program for a backend to print, and where its arrays lie in the arena. */
export interface Compiled extends Omit<Boundary, "leaves"> {
  readonly program: LoopProgram;
}

/** All that is decided about a program before a loop of it is written: what `weigh` reports is this. */
export interface Planned extends Boundary, Kernels {
  /** What is computed, as the graph's passes left it: outputs first, then new values of parameters. */
  readonly roots: readonly Node[];
  /** The tracked expressions, as the graph's passes left them. */
  readonly tracked: readonly Node[];
  readonly buffers: readonly Buffer[];
  readonly memory: MemoryPlan;
  readonly routines: Routines;
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
  const { steps, aliases, buffers, memory, routines, ...boundary } = planGraph(graph, machine, { onPass });
  const { inputs, parameters, outputs, data } = boundary;
  verify(steps, buffers, aliases, memory.bytes, machine.threads);
  const calls = routines.calls(steps, memory.bytes);
  const work = workOfSteps(calls, ({ routine }) => routine.work);
  const program = { steps: calls, buffers, bytes: memory.bytes, work };
  onPass("loops", () => program);
  return { program, inputs, parameters, outputs, data };
}

/** The passes up to the memory plan. */
export function planGraph(graph: GraphProgram, machine: Machine, options: PlanOptions = {}): Planned {
  const { onPass = () => {}, limits, tracked = [] } = options;
  const after = <T extends Dumpable>(pass: string, result: T): T => {
    onPass(pass, () => result);
    return result;
  };
  const given = after("graph", [...rootsOf(graph), ...tracked]);
  const literal = after("literals", literals(given));
  const merged = after("merged", mergeLoops(literal));
  const pruned = after("pruned", prune(merged));
  const simplified = after("simplified", prune(simplify(pruned)));
  const blocks = after("blocks", inBlocks(simplified, limits));
  const laid = after("laid", batchLast(blocks, machine));
  const roots = laid.slice(0, laid.length - tracked.length);

  const allocator = new Allocator();
  const boundary = boundaryOf(graph, roots, allocator);
  const lowered = after("lowered", { steps: lowerProgram(graph, roots, boundary, allocator) });
  const assigned = after("assigned", assign(lowered.steps, allocator));
  const packed = after("packed", pack(assigned, allocator, machine));
  const { buffers } = allocator;
  const routines = new Routines(packed.steps, machine, allocator);
  const divided = sideBySide(packed, machine, (kernel) => routines.workOf(kernel));
  const wide = planMemory(divided, buffers, machine.threads);
  // A place for each thread may be more than there is.
  const fits = wide.bytes <= (machine.addressable ?? Number.POSITIVE_INFINITY);
  const kernels = fits ? divided : packed;
  const memory = fits ? wide : planMemory(packed, buffers);
  settle(memory);
  after("kernels", kernels);
  return { ...boundary, ...kernels, roots, tracked: laid.slice(roots.length), buffers, memory, routines };
}
