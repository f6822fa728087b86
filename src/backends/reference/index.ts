import { allocate, type TypedArray } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Parameter } from "../../graph/parameter.ts";
import { type GraphProgram, parametersOf, rootsOf } from "../../graph/program.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Backend, Executable } from "../backend.ts";
import { interpret } from "./interpret.ts";

/** The interpreter as a backend: always there, compiles nothing. */
export const reference: Backend = {
  name: "reference",
  unavailable: () => undefined,
  machine: () => undefined,
  load: async (program) => inMemory(() => loadReference(program)),
};

/** Does `work`, for which there may not be enough memory. */
function inMemory<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new PondusError(
      "backend.memory",
      `the program needs more memory than there is (${cause.message}); use a smaller batch.`,
      { cause, exitCode: 1 },
    );
  }
}

function loadReference(program: GraphProgram): Executable {
  const roots = rootsOf(program);
  const inputs = new Map(program.inputs.map((x) => [x.attrs.name, allocate(x.dtype, sizeOf(x.shape))]));
  const parameters = new Map<Parameter, TypedArray>();
  for (const p of parametersOf(program)) parameters.set(p, allocate(p.dtype, p.size));
  const outputs = new Map(program.outputs.map((o) => [o.name, allocate(o.node.dtype, sizeOf(o.node.shape))]));
  return {
    inputs,
    parameters,
    outputs,
    bytes: 0,
    run: () =>
      inMemory(() => {
        const values = interpret(roots, {
          input: (name) => inputs.get(name) as TypedArray,
          parameter: (p) => parameters.get(p) as TypedArray,
        });
        // Results are read before any parameter changes, for an output may be a parameter itself.
        program.outputs.forEach((o, i) => outputs.get(o.name)?.set(values[i]));
        const fresh = program.updates.map((_, i) => values[program.outputs.length + i].slice());
        program.updates.forEach((u, i) => parameters.get(u.parameter)?.set(fresh[i]));
      }),
  };
}
