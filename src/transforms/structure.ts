import { isFloat } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape } from "../graph/shape.ts";
import { concat } from "../tensor/functions.ts";
import { Tensor } from "../tensor/tensor.ts";

/** One tensor, a list of them, or a record of them: derivatives come back in the same form. */
export type Structure = Tensor | readonly Tensor[] | { readonly [name: string]: Tensor };
export type Same<S extends Structure> = S extends Tensor ? Tensor : { -readonly [K in keyof S]: Tensor };

export const listOf = (s: Structure): Tensor[] => (s instanceof Tensor ? [s] : Object.values(s));

export function rebuild<S extends Structure>(like: S, list: Tensor[]): Same<S> {
  if (like instanceof Tensor) return list[0] as Same<S>;
  if (Array.isArray(like)) return list as unknown as Same<S>;
  return Object.fromEntries(Object.keys(like).map((name, i) => [name, list[i]])) as Same<S>;
}

export const countOf = (s: Structure): number => listOf(s).reduce((n, x) => n + x.size, 0);

/** All entries as one vector: a list's or record's tensors in their order, each row-major. */
export function ravel(s: Structure): Tensor {
  const parts = listOf(s).map((x) => x.flatten());
  return parts.length === 1 ? parts[0] : concat(parts);
}

/** One vector, cut and shaped like `like`. */
export function unravel<S extends Structure>(vector: Tensor, like: S): Same<S> {
  let at = 0;
  const pieces = listOf(like).map((x) => {
    const from = at;
    at += x.size;
    return vector.slice(from, at).reshape(x.shape);
  });
  return rebuild(like, pieces);
}

/**
 * The element type of a matrix whose rows or columns are these entries.
 *
 * @throws `matrix.dtype` unless all are float32 or all float64, `matrix.twice` when one tensor is named more than once
 */
export function entryType(what: string, s: Structure): "float32" | "float64" {
  const list = listOf(s);
  const [first] = list;
  const odd = list.find((x) => !isFloat(x.dtype) || x.dtype !== first.dtype);
  if (!first || odd) {
    const came = odd
      ? `a ${odd.dtype} ${formatShape(odd.shape)}${describeOrigin(odd.node.origin)} came` +
        `${isFloat(odd.dtype) ? ` beside a ${first.dtype} ${formatShape(first.shape)}` : ""}`
      : "nothing came";
    throw new PondusError(
      "matrix.dtype",
      `${what}: one matrix has one element type, so all tensors must be float32 or all float64, but ${came}.`,
    );
  }
  const twice = list.find((x, i) => list.findIndex((y) => y.node === x.node) < i);
  if (twice) {
    throw new PondusError(
      "matrix.twice",
      `${what}: ${formatShape(twice.shape)}${describeOrigin(twice.node.origin)} is named twice; a tied knob has one row, ` +
        "so name it once.",
    );
  }
  return first.dtype as "float32" | "float64";
}
