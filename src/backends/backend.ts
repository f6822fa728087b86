import type { TypedArray } from "../graph/dtype.ts";
import type { Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";

/** What is to be computed: a function's graph, with the parameters that it changes. */
export interface GraphProgram {
  readonly inputs: readonly Node<"input">[];
  readonly outputs: readonly { readonly name: string; readonly node: Node }[];
  readonly updates: readonly { readonly parameter: Parameter; readonly node: Node }[];
}

/** A program in memory. The arrays are its own places: fill inputs and parameters, run, read outputs and parameters. */
export interface Executable {
  readonly inputs: ReadonlyMap<string, TypedArray>;
  readonly parameters: ReadonlyMap<Parameter, TypedArray>;
  readonly outputs: ReadonlyMap<string, TypedArray>;
  run(): void;
}

export type BackendName = "native" | "wasm" | "reference";

/** A way to run graphs: print and run, behind one small interface. */
export interface Backend {
  readonly name: BackendName;
  /** Why it cannot be used here, or undefined when it can. */
  unavailable(): string | undefined;
  load(program: GraphProgram): Promise<Executable>;
}

/** The parameters that a program reads or changes. */
export function parametersOf(nodes: readonly Node[], program: GraphProgram): Set<Parameter> {
  const found = new Set<Parameter>(program.updates.map((u) => u.parameter));
  for (const node of nodes) if (node.is("parameter")) found.add(node.attrs.parameter);
  return found;
}
