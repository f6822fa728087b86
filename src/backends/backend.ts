import type { Machine } from "../compiler/ir/loop.ts";
import type { TypedArray } from "../graph/dtype.ts";
import type { Parameter } from "../graph/parameter.ts";
import type { GraphProgram } from "../graph/program.ts";

/**
 * A program in memory. The arrays are its own places: fill the inputs (before every run: it may use their memory for other
 * things) and parameters, run, read outputs and parameters.
 */
export interface Executable {
  readonly inputs: ReadonlyMap<string, TypedArray>;
  readonly parameters: ReadonlyMap<Parameter, TypedArray>;
  readonly outputs: ReadonlyMap<string, TypedArray>;
  /** What its arena takes; 0 for a backend that has none, and allocates as it goes. */
  readonly bytes: number;
  /** One run; a promise where it may take long, so that the event loop goes on. */
  run(): void | Promise<void>;
}

export type BackendName = "native" | "wasm" | "reference";

/** A way to run graphs: print and run, behind one small interface. */
export interface Backend {
  readonly name: BackendName;
  /** Why it cannot be used here, or undefined when it can. */
  unavailable(): string | undefined;
  /** What it plans its programs for; undefined for one that plans nothing. */
  machine(): Machine | undefined;
  load(program: GraphProgram): Promise<Executable>;
}
