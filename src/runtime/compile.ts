import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { make } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import type { Parameter } from "../graph/parameter.ts";
import { type GraphProgram, parametersOf, refuseEscaped, refuseStale } from "../graph/program.ts";
import { formatShape } from "../graph/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type InputTypes, type Outputs, Program, type Update } from "./program.ts";

/**
 * Turns a function of tensors into one program: forward pass, gradients, updates and loops together.
 *
 * @param f        called once, with a tensor for each input; returns named tensors and, under `updates`, new values
 *                 of parameters
 * @param inputs   name to shape (float32) or to { shape, dtype }
 * @param options.backend  "native", "wasm", "reference", or "auto" (the fastest that works here)
 * @throws `parameter.constrained` when an expression is older than a constraint of one of its parameters; `output.escaped` when one
 *         depends on what stands for a sample or an iteration inside of a function that `vmap` or a loop was given
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
  refuseEscaped(graph);
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
