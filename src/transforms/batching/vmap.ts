import { formal } from "../../graph/body.ts";
import { PondusError } from "../../graph/errors.ts";
import type { Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, normalAxis } from "../../graph/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import { formatPath, mapTree, type Path, type Tree, type TreeOf } from "../tree.ts";
import { batched } from "./batched.ts";
import { led, moveAxis } from "./samples.ts";

/** Where samples lie in a tensor: along an axis (negative ones count from the last), or nowhere (null) where it is the same for all. */
export type Axis = number | null;

export interface VmapOptions {
  /**
   * Where samples lie in the arguments: one for all of them, or a list with one for each. Of an argument that is a list or a record it
   * is one for all its tensors, or a list or record of them. Default 0.
   */
  readonly in?: TreeOf<Axis>;
  /** Where samples shall lie in the results, in the same way. Default 0. */
  readonly out?: TreeOf<Axis>;
}

/**
 * A function of one sample as a function of many: `f` is written for one, and what it computes is computed for all at once, at the
 * speed of what is written for a batch. It goes through loops, branches, checkpoints, gradients and itself. In a `whileLoop` each
 * sample takes its own number of iterations, and in a `cond` its own branch; both branches are computed then.
 *
 * The gradient of each sample's loss: `vmap((x, y) => grad(lossOf(x, y), weights))(xs, ys)`.
 *
 * @param f        of tensors, or lists or records of them; what it uses beside its arguments, such as weights, is the same for all samples
 * @param options  where samples lie
 * @returns        a function of tensors with an axis more, of one length in all of them
 * @throws `vmap.axis` where there is no such axis, or `in` and `out` do not fit arguments and results; `vmap.size` where lengths
 *         differ, or no argument has samples; `vmap.call` where `f` is no function, or an option is unknown
 */
export function vmap<A extends readonly Tree[], R extends Tree>(
  f: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  requireCall(f, options);
  const { in: from = 0, out: to = 0 } = options;
  return (...args) => {
    const given = new Map<Node, Node>();
    let size: { readonly of: number; readonly what: string } | undefined;
    const axesIn = args.length === 1 && !Array.isArray(from) ? [from] : from;
    if (Array.isArray(axesIn) && axesIn.length !== args.length) {
      throw new PondusError(
        "vmap.axis",
        `vmap: \`in\` has ${axesIn.length} places, but ${args.length} arguments came; give one for each, or one for all.`,
      );
    }
    requirePlaces("in", axesIn, args, argument, []);
    const ofOne = (x: Tensor, path: Path): Tensor => {
      const what = argument(path);
      const axis = axisAt("in", axesIn, x, path, what);
      if (axis === null) return x;
      const length = x.shape[axis];
      size ??= { of: length, what };
      if (length !== size.of) {
        throw new PondusError(
          "vmap.size",
          `vmap: ${what} has ${length} samples along axis ${axis} of ${formatShape(x.shape)}${describeOrigin(x.node.origin)}, ` +
            `and ${size.what} has ${size.of}; all must have as many. What is the same for all samples has null in \`in\`.`,
        );
      }
      const one = formal({ shape: x.shape.filter((_, i) => i !== axis), dtype: x.dtype });
      given.set(one, moveAxis(x.node, axis, 0));
      return new Tensor(one);
    };
    const samples = args.map((arg, i) =>
      mapTree(`vmap: argument ${i + 1}`, arg, (x, path) => ofOne(x, [i, ...path])),
    ) as Tree as A;
    if (!size) {
      throw new PondusError("vmap.size", "vmap: no argument has samples; give at least one an axis in `in`.");
    }
    const count = size.of;
    const results = f(...samples);
    const nodes: Node[] = [];
    mapTree("vmap: the function's result", results as Tree, (x) => {
      nodes.push(x.node);
      return x;
    });
    requirePlaces("out", to, results, outcome, []);
    const found = batched(nodes, given, count);
    return mapTree("vmap: the function's result", results, (_, path) => {
      const made = found.shift() as (typeof found)[number];
      const all = new Tensor(led(made, count));
      const what = outcome(path);
      const axis = axisAt("out", to, all, path, what);
      if (axis !== null) return new Tensor(moveAxis(all.node, 0, axis));
      if (!made.has) return new Tensor(made.node);
      throw new PondusError(
        "vmap.axis",
        `vmap: ${what} differs from sample to sample, so it has no null in \`out\`; give the axis along which samples shall lie.`,
      );
    });
  };
}

function requireCall(f: unknown, options: unknown): void {
  if (typeof f !== "function") {
    throw new PondusError(
      "vmap.call",
      `vmap: its first argument should be a function of one sample, such as (x) => x.sin().sum(), but ${describe(f)} came.`,
    );
  }
  const known = typeof options === "object" && options !== null;
  const odd = known ? Object.keys(options).find((name) => name !== "in" && name !== "out") : describe(options);
  if (odd === undefined) return;
  throw new PondusError(
    "vmap.call",
    `vmap: ${known ? `there is no option \`${odd}\`` : `its options should be a record, but ${odd} came`}; \`in\` says where ` +
      "samples lie in the arguments, and `out` where they shall lie in the results, as in vmap(f, { in: [0, null], out: 0 }).",
  );
}

const describe = (x: unknown) => (typeof x === "object" && x !== null ? `a ${x.constructor?.name}` : `${x}`);

/** Which argument it is, and what of it. */
function argument([index, ...rest]: Path): string {
  if (index === undefined) return "the arguments";
  return `argument ${Number(index) + 1}${rest.length > 0 ? ` (${formatPath(rest)})` : ""}`;
}

const outcome = (path: Path) => (path.length === 0 ? "the result" : `the result's ${formatPath(path)}`);

/** Refuses axes for places that are not there. */
function requirePlaces(
  option: "in" | "out",
  axes: TreeOf<Axis>,
  tree: unknown,
  what: (path: Path) => string,
  path: Path,
): void {
  if (typeof axes !== "object" || axes === null || tree instanceof Tensor || typeof tree !== "object" || !tree) return;
  const [wanted, there] = [Object.keys(axes), Object.keys(tree)];
  const odd = wanted.find((name) => !there.includes(name));
  if (odd !== undefined) {
    const has = Array.isArray(tree) ? `a list of ${tree.length}` : there.join(", ") || "nothing";
    throw new PondusError(
      "vmap.axis",
      `vmap: \`${option}\` gives an axis to ${JSON.stringify(odd)} of ${what(path)}, where there is ${has}; give axes to what is there, ` +
        "or one for all of it.",
    );
  }
  for (const name of wanted) {
    const step = Array.isArray(tree) ? Number(name) : name;
    const [axis, part] = [axes, tree].map((from) => (from as { readonly [name: string]: unknown })[name]);
    requirePlaces(option, axis as TreeOf<Axis>, part, what, [...path, step]);
  }
}

/** The axis that is stated for a place, or for all that is in one above it. */
function axisAt(option: "in" | "out", axes: TreeOf<Axis>, x: Tensor, path: Path, what: string): Axis {
  let at: TreeOf<Axis> | undefined = axes;
  for (const step of path) {
    if (typeof at !== "object" || at === null) break;
    at = (at as { readonly [name: number | string]: TreeOf<Axis> })[step];
  }
  const axis = typeof at === "number" ? normalAxis(at, x.rank) : at;
  if (axis === null || (typeof axis === "number" && Number.isInteger(axis))) return axis;
  const came = typeof at === "number" ? `${at} is none of ${formatShape(x.shape)}` : `${JSON.stringify(at)} came`;
  throw new PondusError(
    "vmap.axis",
    `vmap: \`${option}\` should say along which axis of ${what}, ${x.dtype} ${formatShape(x.shape)}` +
      `${describeOrigin(x.node.origin)}, samples lie, or null where there are none, but ${came}.`,
  );
}
