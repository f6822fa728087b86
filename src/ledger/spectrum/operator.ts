import { memoryHere } from "#host/memory";
import type { BackendName } from "../../backends/backend.ts";
import { formatBytes, formatSize, formatWhole } from "../../graph/bytes.ts";
import { PondusError } from "../../graph/errors.ts";
import { topological } from "../../graph/walk.ts";
import { compile } from "../../runtime/compile.ts";
import { countOf, entryType, ravel, type Same, type Structure, unravel } from "../../transforms/structure.ts";
import type { Operator } from "./krylov.ts";

/** The matrix of a product with knobs, compiled as one program on one long vector; at the knobs' present values. */
export function operatorOf<S extends Structure>(
  what: string,
  product: (vector: Same<S>) => Same<S>,
  wrt: S,
  backend: BackendName | "auto" = "auto",
): Operator {
  const dtype = entryType(what, wrt);
  const size = countOf(wrt);
  const program = compile(
    ({ v }) => {
      const image = ravel(product(unravel(v, wrt)) as Structure);
      const other = topological([image.node]).find((n) => n.is("input") && n !== v.node);
      if (other?.is("input")) {
        throw new PondusError(
          "input.missing",
          `${what}: the product needs input "${other.attrs.name}", which is not given here; build it from tensor(...) data.`,
        );
      }
      if (image.size === size) return { image };
      throw new PondusError(
        "spectrum.size",
        `${what}: a product with ${formatWhole(size)} numbers should have as many, but ${formatWhole(image.size)} came; ` +
          "it takes and returns the form of `wrt`.",
      );
    },
    { v: { shape: [size], dtype } },
    { backend },
  );
  return {
    size,
    rounding: dtype === "float64" ? 2 ** -52 : 2 ** -23,
    apply: async (v) => {
      const image = (await program.run({ v })).image.data;
      if (image.every(Number.isFinite)) return image;
      throw new PondusError(
        "spectrum.nonfinite",
        `${what}: a product holds ${image.find((x) => !Number.isFinite(x))}, so the matrix has no spectrum at these knobs; ` +
          "look at the loss and its gradient there.",
        { exitCode: 1 },
      );
    },
  };
}

/** Throws `matrix.price` when so many vectors of so many numbers are more than this machine's memory. */
export function affordVectors(what: string, steps: number, size: number): void {
  const bytes = 8 * steps * size;
  const here = memoryHere();
  if (here === undefined || bytes <= here) return;
  throw new PondusError(
    "matrix.price",
    `${what}: ${formatWhole(steps)} steps keep as many vectors of ${formatWhole(size)} numbers, ${formatBytes(bytes)} in ` +
      `float64, but this machine has ${formatSize(here)}; take fewer steps.`,
  );
}

/** Throws `spectrum.steps` unless `n` is a whole number from 1. */
export function wholeFrom1(what: string, name: string, n: number): void {
  if (Number.isInteger(n) && n > 0) return;
  throw new PondusError("spectrum.steps", `${what}: ${name} must be a whole number from 1, but ${n} came.`);
}
