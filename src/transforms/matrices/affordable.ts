import { memoryHere } from "#host/memory";
import { formatBytes, formatSize, formatWhole } from "../../graph/bytes.ts";
import { bytesOf } from "../../graph/dtype.ts";
import { PondusError } from "../../graph/errors.ts";
import { secondOrderPrice } from "./price.ts";

type Float = "float32" | "float64";

/**
 * Refuses a matrix with a row and a column for each knob when this machine cannot hold it, before anything is built.
 *
 * @throws `matrix.price`, with what it would take and what to do without it
 */
export function affordSquare(what: string, parameters: number, dtype: Float): void {
  const price = secondOrderPrice(parameters, { dtype });
  const short = shortage(price.bytes, "twice (in the program and in its result)", 2);
  if (!short) return;
  const knobs = `${formatWhole(parameters)} knobs`;
  const ways = price.alternatives.map((a) => `  ${a.method}: ${a.formula}, ${formatBytes(a.bytes)}`);
  throw new PondusError(
    "matrix.price",
    `${what}: ${knobs} make a matrix of ${formatWhole(price.entries)} entries, ${formatBytes(price.bytes)} in ${dtype}; ` +
      `${short}. What needs no matrix holds, beside the knobs:\n${ways.join("\n")}`,
  );
}

/** The same for a Jacobian, which has a row for each output; made by columns, it is transposed. Throws `matrix.price`. */
export function affordJacobian(outputs: number, parameters: number, dtype: Float, mode: "forward" | "reverse"): void {
  const bytes = outputs * parameters * bytesOf[dtype];
  const short =
    mode === "forward"
      ? shortage(bytes, "three times (as columns, as rows, and in its result)", 3)
      : shortage(bytes, "twice (in the program and in its result)", 2);
  if (!short) return;
  throw new PondusError(
    "matrix.price",
    `jacobian: ${formatWhole(outputs)} outputs by ${formatWhole(parameters)} knobs make a matrix of ` +
      `${formatWhole(outputs * parameters)} entries, ${formatBytes(bytes)} in ${dtype}; ${short}. Without the matrix, jvp ` +
      `multiplies it with a vector of knobs, vjp one of outputs with it, and gaussNewtonProduct does both, for ` +
      `${formatBytes((outputs + 2 * parameters) * bytesOf[dtype])}.`,
  );
}

/** Why so much is too much for a run that holds it so often. */
function shortage(bytes: number, often: string, times: number): string | undefined {
  const here = memoryHere();
  if (here === undefined || times * bytes <= here) return undefined;
  return `this machine has ${formatSize(here)}, and a run holds the matrix ${often}`;
}
