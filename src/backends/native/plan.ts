import type { Compiled } from "../../compiler/compile.ts";
import type { Buffer } from "../../compiler/ir/loop.ts";
import { bytesOf, type DType } from "../../graph/dtype.ts";
import type { GraphProgram } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { GraphKey } from "./cache/graph-key.ts";

/** What a program's library must be told: where its arrays lie. */
export interface Plan extends Omit<Compiled, "program"> {
  readonly bytes: number;
  /** A run may take long, and should not hold up the event loop. */
  readonly long: boolean;
}

/** A plan as it is written down: byte offsets of arrays, in the order in which the graph and its key mention them. */
export interface Note {
  readonly bytes: number;
  readonly long: boolean;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly parameters: readonly number[];
  /** Some of the key's arrays may be needless. */
  readonly data: readonly { readonly array: number; readonly offset: number }[];
}

/** The plan in numbers; undefined when something in it has no place in the graph's key. */
export function noteOf(plan: Plan, graph: GraphProgram, key: GraphKey): Note | undefined {
  const offset = (b: Buffer | undefined) => b?.offset ?? -1;
  const note = {
    bytes: plan.bytes,
    long: plan.long,
    inputs: graph.inputs.map((x) => offset(plan.inputs.get(x.attrs.name))),
    outputs: graph.outputs.map((y) => offset(plan.outputs.get(y.name))),
    parameters: key.parameters.map((p) => offset(plan.parameters.get(p))),
    data: plan.data.map(({ buffer, values }) => ({
      array: key.data.findIndex((d) => d.values === values),
      offset: buffer.offset,
    })),
  };
  const complete = plan.parameters.size === key.parameters.length && planOf(note, graph, key) !== undefined;
  return complete ? note : undefined;
}

/** The plan that a note tells of; undefined when it puts an array outside the arena. */
export function planOf(note: Note, graph: GraphProgram, key: GraphKey): Plan | undefined {
  const { bytes, long } = note;
  let fits = Number.isSafeInteger(bytes);
  const place = (kind: Buffer["kind"], dtype: DType, length: number, offset: number): Buffer => {
    fits &&= Number.isSafeInteger(offset) && offset >= 0 && offset % 64 === 0;
    fits &&= offset + bytesOf[dtype] * length <= bytes;
    return { id: -1, kind, dtype, length, offset };
  };
  const inputs = graph.inputs.map(
    (x, i) => [x.attrs.name, place("input", x.dtype, sizeOf(x.shape), note.inputs[i])] as const,
  );
  const outputs = graph.outputs.map(
    ({ name, node }, i) => [name, place("output", node.dtype, sizeOf(node.shape), note.outputs[i])] as const,
  );
  const parameters = key.parameters.map(
    (p, i) => [p, place("parameter", p.dtype, p.size, note.parameters[i])] as const,
  );
  const data = note.data.flatMap(({ array, offset }) => {
    const known = key.data[array];
    fits &&= known !== undefined;
    return known ? { buffer: place("data", known.dtype, known.values.length, offset), values: known.values } : [];
  });
  const plan = {
    bytes,
    long,
    inputs: new Map(inputs),
    outputs: new Map(outputs),
    parameters: new Map(parameters),
    data,
  };
  return fits ? plan : undefined;
}
