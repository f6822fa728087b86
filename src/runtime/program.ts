import type { BackendName, Executable } from "../backends/backend.ts";
import { allocate, type DType, type TypedArray } from "../graph/dtype.ts";
import { fill } from "../graph/element.ts";
import { InternalError, PondusError } from "../graph/errors.ts";
import { flatNumbers, type Nested } from "../graph/nested.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type PendingRun, pendingRuns } from "../graph/pending.ts";

import { type GraphProgram, parametersOf, refuseStale } from "../graph/program.ts";

import { formatShape, type Shape, sameShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { NumberArray } from "./array.ts";
import { loadOn } from "./choose.ts";

/** A parameter and the value that it takes when the program has run. */
export interface Update {
  readonly parameter: Parameter;
  readonly value: Tensor;
}

/** What a compiled function returns: named tensors, and under `updates` the parameters that it changes. */
export type Outputs = { readonly updates?: readonly Update[] } & {
  readonly [name: string]: Tensor | readonly Update[] | undefined;
};

/** A shape alone means float32. */
export type InputType = Shape | { readonly shape: Shape; readonly dtype?: DType };
export type InputTypes = { readonly [name: string]: InputType };
export type InputValue = Nested | TypedArray | NumberArray;

/** Inputs that are yet to be written where the program reads them. */
type Given = readonly (readonly [string, TypedArray])[];

type Results<O> = { [K in Exclude<keyof O, "updates">]: NumberArray };

/**
 * A function as one program: traced once when it is compiled, loaded at its first run (or by `load`), and run any
 * number of times. Parameters keep their values between runs and are shared with every other program that uses them.
 */
export class Program<I extends InputTypes, O extends Outputs> {
  readonly graph: GraphProgram;
  readonly backend: BackendName | "auto";
  readonly #types: ReadonlyMap<string, { shape: Shape; dtype: DType; what: string }>;
  readonly #versions = new Map<Parameter, number>();
  #loading: Promise<Executable> | undefined;
  #loaded: Executable | undefined;
  #used: { changes: ReadonlySet<Parameter>; reads: ReadonlySet<Parameter> } | undefined;

  constructor(graph: GraphProgram, backend: BackendName | "auto") {
    this.graph = graph;
    this.backend = backend;
    this.#types = new Map(
      graph.inputs.map(({ shape, dtype, attrs }) => [attrs.name, { shape, dtype, what: `run: input "${attrs.name}"` }]),
    );
  }

  /** Compiles now rather than at the first run. */
  async load(): Promise<this> {
    await this.#load();
    return this;
  }

  /** What its memory takes, once it is loaded; 0 where the backend allocates as it goes. */
  async arenaBytes(): Promise<number> {
    return (await this.#load()).bytes;
  }

  /**
   * Runs once, after the runs that were asked for before, of whatever program. It computes with its inputs and parameters as
   * they are at the call (or as runs before it leave them): arrays that were given may be changed right after it. Parameters
   * that it changes can be read and written again when it is over.
   *
   * @param inputs  numbers nested as the input's shape, or as many in a flat list or typed array; or what a run returned
   * @throws `input.missing`, `input.unknown`, `values.size`, `values.shape`, `shape.ragged`, `values.type`, `dtype.fraction`, `dtype.range` when inputs do not fit what the
   *         program was compiled for (of bools, every number but 0 is 1),
   *         `parameter.constrained` when one of its parameters was constrained since, `run.failed` and the backend's own
   *         errors when it fails: the program can be run again
   */
  async run(...[inputs]: keyof I extends never ? [] : [{ readonly [K in keyof I]: InputValue }]): Promise<Results<O>> {
    const given = this.#take(inputs ?? {});
    const { changes, reads } = this.#uses();
    const run: PendingRun<Parameter> = { changes, reads, begun: false };
    // Where nothing else is to run before, one that changes nothing begins at once, and if it is short it is over at once.
    const free = pendingRuns.size === 0 && changes.size === 0 ? this.#loaded : undefined;
    pendingRuns.add(run);
    if (free) {
      const results = this.#runOn(free, given, run);
      return results instanceof Promise ? inTurn(() => results) : results;
    }
    const loading = this.#loaded ? undefined : this.#load();
    return inTurn(async () => {
      let executable: Executable;
      try {
        if (loading) await loading;
        // A run before this one may have broken what was loaded.
        executable = this.#loaded ?? (await this.#load());
      } catch (cause) {
        pendingRuns.delete(run);
        throw cause;
      }
      return this.#runOn(executable, given, run);
    });
  }

  /** Runs on what is loaded, and is over when it returns, or when the promise that it returns is kept. */
  #runOn(executable: Executable, given: Given, run: PendingRun<Parameter>): Results<O> | Promise<Results<O>> {
    let running: Promise<void> | undefined;
    let isRunning = false;
    try {
      run.begun = true;
      this.#fill(executable, given, run);
      isRunning = true;
      running = executable.run() ?? undefined;
      if (!running) return this.#results(executable, run);
    } catch (cause) {
      throw isRunning ? this.#broken(executable, run, cause) : cause;
    } finally {
      if (!running) pendingRuns.delete(run);
    }
    return running
      .then(
        () => this.#results(executable, run),
        (cause) => {
          throw this.#broken(executable, run, cause);
        },
      )
      .finally(() => pendingRuns.delete(run));
  }

  /** Writes inputs and parameters where the program reads them. */
  #fill(executable: Executable, given: Given, run: PendingRun<Parameter>): void {
    for (const [name, values] of given) executable.inputs.get(name)?.set(values);
    refuseStale(executable.parameters.keys());
    for (const [parameter, place] of executable.parameters) {
      const kept = run.kept?.get(parameter);
      const known = this.#versions.get(parameter);
      if (!kept && known === parameter.version && known > 0) continue;
      if (kept) place.set(kept);
      else if (run.changes.has(parameter)) parameter.fill(place, known === undefined);
      else parameter.copyTo(place);
      this.#versions.set(parameter, kept ? 0 : parameter.version);
    }
  }

  #results(executable: Executable, run: PendingRun<Parameter>): Results<O> {
    for (const parameter of run.changes) {
      parameter.lend(executable.parameters.get(parameter) as TypedArray);
      this.#versions.set(parameter, parameter.version);
    }
    const results = this.graph.outputs.map(({ name, node }) => {
      const data = (executable.outputs.get(name) as TypedArray).slice();
      return [name, new NumberArray(data, node.shape, node.dtype)];
    });
    return Object.fromEntries(results) as Results<O>;
  }

  /**
   * A run failed: its memory is not run on again. Parameters whose only copy lay there stay readable, and the error names
   * them, for the run may have changed some of their numbers.
   */
  #broken(executable: Executable, run: PendingRun<Parameter>, cause: unknown): unknown {
    this.#loading = undefined;
    this.#loaded = undefined;
    this.#versions.clear();
    const touched = [...run.changes].filter((p) => {
      const place = executable.parameters.get(p) as TypedArray;
      if (!p.liesIn(place)) return false;
      p.lend(place);
      return true;
    });
    if (cause instanceof InternalError) return cause;
    const { message } = cause as Error;
    const names = touched.slice(0, 3).map((p) => p.name);
    const rest = touched.length > names.length ? ` and ${touched.length - names.length} others` : "";
    const advice =
      touched.length === 0
        ? "parameters are as they were before the run"
        : `what it had changed of ${names.join(", ")}${rest} it may have left half done; write them anew, or go back to a checkpoint`;
    const { code, exitCode } = cause instanceof PondusError ? cause : ({ code: "run.failed", exitCode: 1 } as const);
    return new PondusError(code, `run: ${message} (${advice}).`, { cause, exitCode });
  }

  /** The parameters that a run changes, and those that it only reads. */
  #uses(): { changes: ReadonlySet<Parameter>; reads: ReadonlySet<Parameter> } {
    if (!this.#used) {
      const changes = new Set(this.graph.updates.map((u) => u.parameter));
      this.#used = { changes, reads: new Set([...parametersOf(this.graph)].filter((p) => !changes.has(p))) };
    }
    return this.#used;
  }

  #load(): Promise<Executable> {
    if (this.#loading) return this.#loading;
    const loading = loadOn(this.backend, this.graph).then(
      (executable) => {
        this.#loaded = executable;
        return executable;
      },
      (cause) => {
        this.#loading = undefined;
        throw cause;
      },
    );
    // Runs wait for it in their turn; a failure before that is not unhandled.
    loading.catch(() => {});
    this.#loading = loading;
    return loading;
  }

  /**
   * The inputs as they are now, whatever becomes of the caller's arrays: in the program's own places when nothing else
   * is to run before, else in arrays of their own.
   */
  #take(inputs: { readonly [name: string]: InputValue }): Given {
    for (const name in inputs) {
      if (!this.#types.has(name)) {
        const known = [...this.#types.keys()].join(", ") || "none";
        throw new PondusError("input.unknown", `run: there is no input "${name}"; the inputs are: ${known}.`);
      }
    }
    const places = pendingRuns.size === 0 ? this.#loaded?.inputs : undefined;
    const given: [string, TypedArray][] = [];
    for (const [name, { shape, dtype, what }] of this.#types) {
      const flat = numbersOf(what, inputs[name], shape, dtype);
      const place = places?.get(name);
      const to = place ?? allocate(dtype, flat.length);
      fill(to, flat, dtype, what);
      if (!place) given.push([name, to]);
    }
    return given;
  }
}

/** What was given for an input, row-major. */
function numbersOf(what: string, value: InputValue | undefined, shape: Shape, dtype: DType): ArrayLike<number> {
  if (value === undefined)
    throw new PondusError("input.missing", `${what}, ${dtype} ${formatShape(shape)}, is missing.`);
  if (!(value instanceof NumberArray)) return flatNumbers(what, value, shape);
  if (sameShape(value.shape, shape)) return value.data;
  throw new PondusError(
    "values.shape",
    `${what} is ${formatShape(shape)}, but an array of ${formatShape(value.shape)} came; give its \`data\` to read it otherwise.`,
  );
}

let last: Promise<unknown> = Promise.resolve();

/** Programs share parameters and processors: runs happen one after another, in the order in which they were asked for. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const turn = last.then(run);
  last = turn.catch(() => {});
  return turn;
}
