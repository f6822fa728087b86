import { type GraphProgram, parametersOf } from "../graph/program.ts";
import { bytesIn } from "../graph/shape.ts";

/**
 * Bytes that a run of the program takes outside its arena: the arrays of parameters that it reads and does not change,
 * and of those that it changes and that were written or read before (the engine collects these once the program has taken
 * them over; what was only drawn is drawn into the arena). Beside them, what goes in and what comes out.
 */
export function hostBytesOf(graph: GraphProgram): number {
  const changed = new Set(graph.updates.map((u) => u.parameter));
  const held = [...parametersOf(graph)].filter((p) => !changed.has(p) || p.isHeld);
  const passed = [...graph.inputs, ...graph.outputs.map((o) => o.node)];
  return [...held, ...passed].reduce((sum, x) => sum + bytesIn(x), 0);
}
