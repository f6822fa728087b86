import { make } from "../graph/make.ts";
import type { Combine, Node } from "../graph/node.ts";
import { sizeOf } from "../graph/shape.ts";
import { constant } from "../tensor/operands.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Rule } from "./rule.ts";
import { plus } from "./zero.ts";

const t = (node: Node) => new Tensor(node);

type ScatterInto = Node<"scatterInto">;

/** The updates' part of a sum over all that went into each element. */
function added(node: ScatterInto, updates: Tensor): Tensor {
  return updates.scatterAdd(t(node.inputs[0]), node.shape[node.attrs.axis], node.attrs.axis);
}

/** Of each update the element that it went into. */
function target(node: ScatterInto, x: Tensor): Tensor {
  return x.gather(t(node.inputs[0]), node.attrs.axis);
}

/** Factors with the partial derivatives: of each element by its base, and of each update's target by that update. */
type Partials = (node: ScatterInto) => { base(x: Tensor): Tensor; updates(x: Tensor): Tensor };

/** The base counts where no update came, and of several updates the last, which is what stands there. */
const set: Partials = (node) => {
  const { axis } = node.attrs;
  const [index, updates, base] = node.inputs;
  const after = updates.shape.slice(axis + index.shape.length).map(() => 1);
  const numbers = t(make("iota", [], { length: sizeOf(index.shape) }));
  const place = numbers.reshape([...index.shape, ...after]).expand(updates.shape);
  const none = t(constant(-1, "int32")).expand(base.shape);
  const last = t(make("scatterInto", [index, place.node, none.node], node.attrs));
  return {
    base: (x) => last.lt(0).where(x, 0),
    updates: (x) => target(node, last).eq(place).where(x, 0),
  };
};

/** Those that are equal to the result share its derivative, as in a maximum over an axis. */
const extreme: Partials = (node) => {
  const [, updates, base] = node.inputs;
  const h = t(node);
  const [isBase, isUpdate] = [t(base).eq(h), t(updates).eq(target(node, h))].map((x) => x.cast(node.dtype));
  const count = isBase.add(added(node, isUpdate));
  const share = count.eq(0).where(0, t(constant(1, node.dtype)).div(count.maximum(1)));
  return { base: (x) => x.mul(isBase.mul(share)), updates: (x) => x.mul(isUpdate.mul(target(node, share))) };
};

/**
 * The product of all other factors: of those that are not 0, times the others that are 0. These are written as a sum less
 * the factor itself, which is 0 too, but has the derivative that the other one has.
 */
const product: Partials = (node) => {
  const [index, updates, base] = node.inputs;
  const apart = (x: Tensor) => {
    const isZero = x.eq(0);
    return { isZero, count: isZero.cast(node.dtype), rest: isZero.where(1, x), zero: isZero.where(x, 0) };
  };
  const [b, u] = [apart(t(base)), apart(t(updates))];
  const others = t(make("scatterInto", [index, u.rest.node, b.rest.node], node.attrs));
  const [zeros, sum] = [b.count.add(added(node, u.count)), b.zero.add(added(node, u.zero))];
  const without = ({ isZero, count, rest, zero }: typeof b, at: (x: Tensor) => Tensor) => {
    const left = at(zeros).sub(count);
    const one = t(constant(1, node.dtype));
    const factor = left.eq(0).where(one, left.eq(1).where(at(sum).sub(zero), 0));
    return isZero.where(at(others), at(others).div(rest)).mul(factor);
  };
  return { base: (x) => x.mul(without(b, (y) => y)), updates: (x) => x.mul(without(u, (y) => target(node, y))) };
};

const partials: { readonly [K in Combine]: Partials } = { set, min: extreme, max: extreme, mul: product };

export const scatterInto: Rule = {
  forward: (node, [, dupdates, dbase]) => {
    if (!dupdates && !dbase) return undefined;
    const d = partials[(node as ScatterInto).attrs.combine](node as ScatterInto);
    return plus(dbase && d.base(dbase), dupdates && added(node as ScatterInto, d.updates(dupdates)));
  },
  backward: (node, ct) => {
    const d = partials[(node as ScatterInto).attrs.combine](node as ScatterInto);
    return [undefined, d.updates(target(node as ScatterInto, ct)), d.base(ct)];
  },
};
