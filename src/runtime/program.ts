import type { BackendName, Executable } from "../backends/backend.ts";
import type { DType, TypedArray } from "../graph/dtype.ts";
import { fill } from "../graph/element.ts";
import { PondusError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf, refuseStale } from "../graph/program.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import type { Nested } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";
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

type Results<O> = { [K in Exclude<keyof O, "updates">]: NumberArray };

/**
 * A function as one program: traced once when it is compiled, loaded at its first run (or by `load`), and run any
 * number of times. Parameters keep their values between runs and are shared with every other program that uses them.
 */
export class Program<I extends InputTypes, O extends Outputs> {
  readonly graph: GraphProgram;
  readonly backend: BackendName | "auto";
  readonly #types: ReadonlyMap<string, { shape: Shape; dtype: DType }>;
  readonly #versions = new Map<Parameter, number>();
  #loading: Promise<Executable> | undefined;

  constructor(graph: GraphProgram, backend: BackendName | "auto") {
    this.graph = graph;
    this.backend = backend;
    this.#types = new Map(graph.inputs.map((x) => [x.attrs.name, { shape: x.shape, dtype: x.dtype }]));
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
   * Runs once.
   *
   * @throws `input.missing`, `input.unknown`, `input.size`, `dtype.fraction`, `dtype.range` when inputs do not fit what the
   *         program was compiled for (of bools, every number but 0 is 1),
   *         `parameter.constrained` when one of its parameters was constrained since
   */
  async run(...[inputs]: keyof I extends never ? [] : [{ readonly [K in keyof I]: InputValue }]): Promise<Results<O>> {
    const executable = await this.#load();
    return inTurn(() => this.#runOn(executable, inputs ?? {}));
  }

  async #runOn(executable: Executable, inputs: { readonly [name: string]: InputValue }): Promise<Results<O>> {
    this.#fill(executable, inputs);
    refuseStale(executable.parameters.keys());
    const changed = new Set(this.graph.updates.map((u) => u.parameter));
    for (const [parameter, place] of executable.parameters) {
      const known = this.#versions.get(parameter);
      if (known === parameter.version && known > 0) continue;
      if (changed.has(parameter)) parameter.fill(place, known === undefined);
      else place.set(parameter.peek());
      this.#versions.set(parameter, parameter.version);
    }
    const running = executable.run();
    if (running) {
      for (const parameter of changed) parameter.lend(() => refuse(parameter));
      await running;
    }
    for (const parameter of changed) {
      parameter.lend(() => executable.parameters.get(parameter) as TypedArray);
      this.#versions.set(parameter, parameter.version);
    }
    const results = this.graph.outputs.map(({ name, node }) => {
      const data = (executable.outputs.get(name) as TypedArray).slice();
      return [name, new NumberArray(data, node.shape, node.dtype)];
    });
    return Object.fromEntries(results) as Results<O>;
  }

  #load(): Promise<Executable> {
    this.#loading ??= loadOn(this.backend, this.graph);
    return this.#loading;
  }

  #fill(executable: Executable, inputs: { readonly [name: string]: InputValue }): void {
    for (const name of Object.keys(inputs)) {
      if (!this.#types.has(name)) {
        const known = [...this.#types.keys()].join(", ") || "none";
        throw new PondusError("input.unknown", `run: there is no input "${name}"; the inputs are: ${known}.`);
      }
    }
    for (const [name, { shape, dtype }] of this.#types) {
      const value = inputs[name];
      if (value === undefined) {
        throw new PondusError("input.missing", `run: input "${name}", ${dtype} ${formatShape(shape)}, is missing.`);
      }
      const flat = flatten(value);
      if (flat.length !== sizeOf(shape)) {
        throw new PondusError(
          "input.size",
          `run: input "${name}" is ${formatShape(shape)}, ${sizeOf(shape)} numbers, but ${flat.length} came.`,
        );
      }
      const place = executable.inputs.get(name);
      if (place) fill(place, flat, dtype, `run: input "${name}"`);
    }
  }
}

let last: Promise<unknown> = Promise.resolve();

/** Programs share parameters and processors: runs happen one after another, in the order in which they were asked for. */
function inTurn<T>(run: () => Promise<T>): Promise<T> {
  const turn = last.then(run);
  last = turn.catch(() => {});
  return turn;
}

function refuse(parameter: Parameter): never {
  throw new PondusError(
    "parameter.busy",
    `parameter ${parameter.name} is being changed by a run; await the run before reading it.`,
  );
}

function flatten(value: InputValue): ArrayLike<number> {
  if (value instanceof NumberArray) return value.data;
  if (ArrayBuffer.isView(value)) return value;
  return ([value] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[];
}

/**
 * Turns a function of tensors into one program: forward pass, gradients, updates and loops together.
 *
 * @param f        called once, with a tensor for each input; returns named tensors and, under `updates`, new values
 *                 of parameters
 * @param inputs   name to shape (float32) or to { shape, dtype }
 * @param options.backend  "native", "wasm", "reference", or "auto" (the fastest that works here)
 * @throws `parameter.constrained` when an expression is older than a constraint of one of its parameters
 */
export function compile<const I extends InputTypes = Record<never, never>, O extends Outputs = Outputs>(
  f: (inputs: { readonly [K in keyof I]: Tensor }) => O,
  inputs: I = {} as I,
  options: { backend?: BackendName | "auto" } = {},
): Program<I, O> {
  const leaves = Object.entries(inputs).map(([name, type]) => {
    const { shape, dtype = "float32" } = "shape" in type ? type : { shape: type };
    return make("input", [], { name, shape, dtype });
  });
  const tensors = Object.fromEntries(leaves.map((leaf) => [leaf.attrs.name, new Tensor(leaf)]));
  const { updates = [], ...outputs } = f(tensors as { readonly [K in keyof I]: Tensor });
  for (const [name, value] of Object.entries(outputs)) {
    if (!(value instanceof Tensor)) {
      throw new PondusError("output.type", `compile: output "${name}" should be a tensor, but it is ${typeof value}.`);
    }
  }
  checkUpdates(updates);
  const graph: GraphProgram = {
    inputs: leaves,
    outputs: Object.entries(outputs).map(([name, x]) => ({ name, node: (x as Tensor).node })),
    updates: updates.map((u) => ({ parameter: u.parameter, node: checked(u) })),
  };
  refuseStale(parametersOf(graph));
  return new Program<I, O>(graph, options.backend ?? "auto");
}

function checkUpdates(updates: readonly Update[]): void {
  if (!Array.isArray(updates)) {
    throw new PondusError(
      "update.list",
      'compile: "updates" should be a list of { parameter, value }; give an output of that name another one.',
    );
  }
  const seen = new Set<Parameter>();
  for (const { parameter } of updates) {
    if (seen.has(parameter)) {
      throw new PondusError(
        "update.twice",
        `compile: ${parameter.name} ${formatShape(parameter.shape)} has two updates; a run gives it one new value.`,
      );
    }
    seen.add(parameter);
  }
}

function checked({ parameter, value }: Update): Node {
  if (formatShape(value.shape) !== formatShape(parameter.shape) || value.dtype !== parameter.dtype) {
    throw new PondusError(
      "update.type",
      `update of ${parameter.name}: it is ${parameter.dtype} ${formatShape(parameter.shape)}, but its new value is ` +
        `${value.dtype} ${formatShape(value.shape)}.`,
    );
  }
  return value.node;
}
