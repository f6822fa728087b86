import { handleEvents } from "#host/event-loop";
import type { BackendName } from "../backends/backend.ts";
import { PondusError } from "../graph/errors.ts";
import { compile } from "../runtime/compile.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { jvp, vjp } from "../transforms/index.ts";
import { ravel, type Structure, unravel } from "../transforms/structure.ts";
import type { ExplainProgress } from "./explainable.ts";
import type { Knobs } from "./knobs.ts";

export interface LineOptions {
  readonly part: string;
  readonly backend?: BackendName | "auto";
  readonly onProgress?: (progress: ExplainProgress) => void;
}

/** What one product with the Jacobian of `outputs` (flat, [m]) gives: J'u for a u of [m], or J v for a v of [n]. */
export interface JacobianProducts {
  readonly mode: "rows" | "columns";
  /** How many make the whole. */
  readonly lines: number;
  times(vector: Float64Array): Promise<ArrayLike<number>>;
}

/** Row by row or column by column, whichever is fewer; columns where a loop without a limit has no reverse mode. */
export function jacobianProducts(
  outputs: Tensor,
  knobs: Knobs,
  backend?: BackendName | "auto",
  most?: "rows",
): JacobianProducts {
  const flat = outputs.flatten();
  const columns = (): JacobianProducts => {
    const program = compile(
      ({ v }) => ({ line: jvp(flat, knobs.leaves, unravel(v, knobs.leaves)) }),
      { v: { shape: [knobs.size], dtype: knobs.dtype } },
      { backend },
    );
    return { mode: "columns", lines: knobs.size, times: async (v) => (await program.run({ v })).line.data };
  };
  if (knobs.size < flat.size && most !== "rows") return columns();
  try {
    const program = compile(
      ({ u }) => ({ line: ravel(vjp(flat, u, knobs.leaves) as Structure) }),
      { u: { shape: [flat.size], dtype: flat.dtype } },
      { backend },
    );
    return { mode: "rows", lines: flat.size, times: async (u) => (await program.run({ u })).line.data };
  } catch (error) {
    if (error instanceof PondusError && error.code === "grad.unbounded") return columns();
    throw error;
  }
}

/** Calls `visit` with every line of the Jacobian, one after another. */
export async function eachLine(
  products: JacobianProducts,
  length: number,
  visit: (line: ArrayLike<number>, index: number) => void,
  { part, onProgress }: LineOptions,
): Promise<void> {
  const unit = new Float64Array(length);
  const tell = progressOf(part, products.lines, onProgress);
  for (let i = 0; i < products.lines; i++) {
    await tell(i);
    unit[i] = 1;
    visit(await products.times(unit), i);
    unit[i] = 0;
  }
}

/** Reports on a loop of so many iterations: now and then, so that a reader sees it and timers get in. */
export function progressOf(part: string, steps: number, onProgress?: (progress: ExplainProgress) => void) {
  let [began, told] = [0, performance.now()];
  return async (step: number): Promise<void> => {
    const now = performance.now();
    // The first iteration compiles, and says nothing of the others.
    if (step <= 1) began = now;
    if (step <= 1 || now - told < 100) return;
    told = now;
    onProgress?.({ part, step, steps, secondsLeft: ((now - began) / 1000 / (step - 1)) * (steps - step) });
    await handleEvents();
  };
}
