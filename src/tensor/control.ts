import { close, closeBranch, formal } from "../graph/body.ts";
import { type Branch, built, type While, withBodies } from "../graph/control.ts";
import { PondusError } from "../graph/errors.ts";
import { recording } from "../graph/make.ts";
import type { Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, requireShape, sameShape, type TensorType } from "../graph/shape.ts";
import { scanNodes } from "./scan-nodes.ts";
import { Tensor } from "./tensor.ts";

/** A record of tensors: what a loop carries or a program returns. */
export type Tensors = { readonly [name: string]: Tensor };

type Like<T extends Tensors> = { [K in keyof T]: Tensor };

const nodes = (record: Tensors): Node[] => Object.values(record).map((x) => x.node);
const wrap = <T extends Tensors>(names: readonly string[], list: readonly Node[]): Like<T> =>
  Object.fromEntries(names.map((name, i) => [name, new Tensor(list[i])])) as Like<T>;

/**
 * A loop of known length, compiled into the program: for each step i, `body` turns the carry and the i-th slice of
 * `xs` into the next carry and an output; outputs are stacked along a new first axis.
 *
 * @param options.xs       tensors [length, ...], sliced along their first axis
 * @param options.length   needed when there are no `xs`
 * @param options.reverse  run from the last slice to the first; output i still stands at place i
 */
export function scan<
  C extends Tensors,
  X extends Tensors = Record<never, never>,
  Y extends Tensors = Record<never, never>,
>(
  init: C,
  body: (carry: Like<C>, x: Like<X>) => { carry: Tensors & Like<C>; out?: Y },
  options: { xs?: X; length?: number; reverse?: boolean } = {},
): { carry: Like<C>; out: Like<Y> } {
  const xs = options.xs ?? ({} as X);
  const length = options.length ?? Object.values(xs)[0]?.shape[0];
  if (length === undefined) throw new PondusError("control.length", "scan: give `length`, or `xs` to run along.");
  requireShape("scan, along its length", [length]);
  for (const [name, x] of Object.entries(xs)) {
    if (x.shape[0] !== length) {
      throw new PondusError(
        "control.length",
        `scan: ${name} is ${formatShape(x.shape)}${describeOrigin(x.node.origin)}, but the loop has ${length} steps; ` +
          "all sequences run along their first axis together.",
      );
    }
  }
  const names: string[] = [];
  const result = scanNodes(nodes(init), nodes(xs), length, options.reverse ?? false, (carry, slices) => {
    const step = body(wrap(Object.keys(init), carry), wrap(Object.keys(xs), slices));
    const out = step.out ?? ({} as Y);
    names.push(...Object.keys(out));
    return { next: ordered("scan", init, step.carry), out: nodes(out) };
  });
  return { carry: wrap(Object.keys(init), result.carry), out: wrap(names, result.out) };
}

/**
 * Repeats `body` while `test` holds. With `limit` it stops after that many steps at the latest, and reverse-mode
 * gradients are defined; without, only forward ones are.
 */
export function whileLoop<C extends Tensors>(
  init: C,
  test: (carry: Like<C>) => Tensor,
  body: (carry: Like<C>) => Tensors & Like<C>,
  options: { limit?: number } = {},
): Like<C> {
  if (options.limit !== undefined) requireShape("whileLoop, by its limit", [options.limit]);
  const names = Object.keys(init);
  const carry = nodes(init).map(formal);
  const condition = scalarCondition("whileLoop", test(wrap(names, carry)));
  const next = ordered("whileLoop", init, body(wrap(names, carry)));
  const closed = close([condition, ...next], carry);
  const [inside, ...last] = closed.outputs;
  const loop: While = {
    op: "while",
    limit: options.limit,
    test: inside,
    carry: nodes(init).map((input, i) => ({ formal: carry[i], input, next: last[i] })),
    xs: [],
    captured: closed.captured,
    outs: [],
  };
  return wrap(names, loop.carry.map(built(loop)));
}

/** One of two branches; only the chosen one runs. Both give the same names with the same types. */
export function cond<T extends Tensors>(test: Tensor, then: () => T, otherwise: () => Like<T>): Like<T> {
  const condition = scalarCondition("cond", test);
  const { result, written } = recording(() => ({ yes: then(), no: otherwise() }));
  const { yes } = result;
  const no = ordered("cond", yes, result.no);
  const closed = closeBranch([...nodes(yes), ...no], written);
  const open: Branch = {
    op: "cond",
    condition,
    carry: [],
    xs: [],
    captured: closed.captured,
    outs: nodes(yes).map((y, i) => ({ values: [y, no[i]] })),
  };
  const branch = withBodies(open, closed.outputs);
  return wrap(Object.keys(yes), branch.outs.map(built(branch)));
}

function scalarCondition(what: string, test: Tensor): Node {
  if (test.dtype !== "bool" || test.rank !== 0) {
    throw new PondusError(
      "control.condition",
      `${what}: the condition must be one bool, but it is ${test.dtype} ${formatShape(test.shape)}` +
        `${describeOrigin(test.node.origin)}; compare, e.g. x.gt(0), and reduce to one number first.`,
    );
  }
  return test.node;
}

/** The body's results in the order of `like`, after checking that names and types are the same. */
function ordered(what: string, like: Tensors, got: Tensors): Node[] {
  return Object.entries(like).map(([name, a]) => {
    const b = got[name];
    const type = (t: TensorType) => `${t.dtype} ${formatShape(t.shape)}`;
    if (!b)
      throw new PondusError(
        "control.type",
        `${what}: ${name} is missing from what the body returned (${Object.keys(got).join(", ") || "nothing"}).`,
      );
    if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) {
      throw new PondusError(
        "control.type",
        `${what}: ${name} enters as ${type(a)} and comes back as ${type(b)}${describeOrigin(b.node.origin)}; they must agree.`,
      );
    }
    return b.node;
  });
}
