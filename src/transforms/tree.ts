import { PondusError } from "../graph/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Tensors in lists and records, however deep. */
export type Tree = Tensor | readonly Tree[] | { readonly [name: string]: Tree };

/** A tree with something else in each tensor's place. */
export type TreeOf<L> = L | readonly TreeOf<L>[] | { readonly [name: string]: TreeOf<L> };

/** How one comes from a tree's root to a tensor: numbers in lists, names in records. */
export type Path = readonly (number | string)[];

/** A path as one writes it: `layers[0].weight["of all"]`. */
export function formatPath(path: Path): string {
  return path
    .map((step) =>
      typeof step === "string" && /^[\p{L}_$][\p{L}\d_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join("")
    .replace(/^\./, "");
}

/**
 * The same tree with `f` of each tensor, and of where it is.
 *
 * @throws `tree.leaf` where something else came
 */
export function mapTree<T extends Tree>(what: string, tree: T, f: (leaf: Tensor, path: Path) => Tensor): T {
  const map = (part: Tree, path: Path): Tree => {
    if (part instanceof Tensor) return f(part, path);
    if (Array.isArray(part)) return part.map((each, i) => map(each, [...path, i]));
    if (typeof part === "object" && part !== null && Object.getPrototypeOf(part) === Object.prototype) {
      return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, map(each, [...path, name])]));
    }
    const came = typeof part === "object" && part !== null ? `a ${part.constructor.name}` : `${part}`;
    const place = path.length === 0 ? "" : ` at ${formatPath(path)}`;
    throw new PondusError(
      "tree.leaf",
      `${what}${place}: a tensor, or a list or record of tensors, was expected, but ${came} came; tensor(...) makes one of numbers.`,
    );
  };
  return map(tree, []) as T;
}
