import { isFloat } from "../graph/dtype.ts";
import { make } from "../graph/make.ts";
import type { Node, OpName } from "../graph/node.ts";
import { cropped, overlapAdd, resized } from "../tensor/movement/overlap.ts";
import { constant, reshapeNode, spread, uniform } from "../tensor/operands.ts";
import { Tensor, where } from "../tensor/tensor.ts";
import type { Rule } from "./rule.ts";
import { cummax, recurrence } from "./running.ts";
import { scatterInto } from "./scatter-into.ts";
import { plus } from "./zero.ts";

const t = (node: Node) => new Tensor(node);
const inputsOf = (node: Node) => node.inputs.map(t);

/** A local derivative: a tensor of the result's shape, a plain number, or undefined for zero. */
type Partial = Tensor | number | undefined;

function scaled(x: Tensor | undefined, partial: Partial): Tensor | undefined {
  if (x === undefined || partial === undefined || partial === 0) return undefined;
  if (partial === 1) return x;
  return partial === -1 ? x.neg() : x.mul(partial);
}

/** A differentiable elementwise op: both directions follow from its partial derivatives. */
function smooth(partials: (inputs: Tensor[], result: Tensor) => readonly Partial[]): Rule {
  return {
    forward: (node, tangents) => {
      const d = partials(inputsOf(node), t(node));
      return tangents.map((x, i) => scaled(x, d[i])).reduce(plus, undefined);
    },
    backward: (node, ct) => partials(inputsOf(node), t(node)).map((d) => scaled(ct, d)),
  };
}

/** Piecewise constant, or not a number: nothing flows through. */
const flat: Rule = { forward: () => undefined, backward: (node) => node.inputs.map(() => undefined) };

/** An op that is linear in its first input: the tangent goes through the op itself. */
function linear(transpose: (node: Node, ct: Tensor) => Tensor): Rule {
  return {
    forward: (node, [x]) => x && t(make(node.op, [x.node, ...node.inputs.slice(1)], node.attrs)),
    backward: (node, ct) => [transpose(node, ct)],
  };
}

/** Puts a reduction's result back on the reduced tensor's shape. */
function unreduce(node: Node, reduced: Tensor): Tensor {
  const { axes } = (node as Node<"sum">).attrs;
  const [x] = node.inputs;
  const kept = x.shape.map((n, i) => (axes.includes(i) ? 1 : n));
  return t(spread(reshapeNode(reduced.node, kept), x.shape));
}

/** Where a maximum was reached, divided equally among ties; where it is NaN, the NaNs are what reached it. */
function winners(node: Node): Tensor {
  const { axes } = (node as Node<"max">).attrs;
  const x = t(node.inputs[0]);
  const isTop = x
    .eq(unreduce(node, t(node)))
    .or(x.ne(x))
    .cast(node.dtype);
  return isTop.div(unreduce(node, isTop.sum(axes)));
}

/** Which of two was chosen: half of each where they are equal and, as in PyTorch, both where one is NaN. */
const larger = ([a, b]: Tensor[], sign: 1 | -1): Partial[] => {
  const half = new Tensor(constant(0.5, a.dtype));
  const share = (x: Tensor, y: Tensor) => where(x.eq(y), half, (sign === 1 ? x.lt(y) : y.lt(x)).not().cast(x.dtype));
  return [share(a, b), share(b, a)];
};

/** Whether where(x <= 0, 0, x) is what it is, so that its result tells which side it took, and x need not be kept. */
function seenInResult({ inputs: [test, yes, no] }: Node): boolean {
  return test.is("le") && test.inputs[0] === no && uniform(test.inputs[1]) === 0 && uniform(yes) === 0;
}

/** 1 - x^2: near 1 as the product that is exact there, near 0 as the difference whose derivative is. */
function oneMinusSquare(x: Tensor): Tensor {
  const product = x.neg().add(1).mul(x.add(1));
  return where(x.abs().lt(0.5), x.mul(x).neg().add(1), product);
}

const control: Rule = {
  forward: () => undefined,
  backward: () => [],
};

export const rules: { readonly [K in OpName]: Rule } = {
  constant: flat,
  data: flat,
  iota: flat,
  input: flat,
  parameter: flat,
  formal: flat,

  neg: smooth(() => [-1]),
  abs: smooth(([x]) => [x.sign()]),
  sign: flat,
  floor: flat,
  sqrt: smooth((_, y) => [new Tensor(constant(0.5, y.dtype)).div(y)]),
  exp: smooth((_, y) => [y]),
  // y + 1 would have no digits left where y is near -1.
  expm1: smooth(([x]) => [x.exp()]),
  log: smooth(([x]) => [new Tensor(constant(1, x.dtype)).div(x)]),
  log1p: smooth(([x]) => [new Tensor(constant(1, x.dtype)).div(x.add(1))]),
  sin: smooth(([x]) => [x.cos()]),
  cos: smooth(([x]) => [x.sin().neg()]),
  tanh: smooth((_, y) => [y.mul(y).neg().add(1)]),
  sigmoid: smooth((_, y) => [y.mul(y.neg().add(1))]),
  softplus: smooth(([x]) => [x.sigmoid()]),
  erf: smooth(([x]) => [
    x
      .mul(x)
      .neg()
      .exp()
      .mul(2 / Math.sqrt(Math.PI)),
  ]),
  tan: smooth((_, y) => [y.mul(y).add(1)]),
  asin: smooth(([x]) => [oneMinusSquare(x).rsqrt()]),
  acos: smooth(([x]) => [oneMinusSquare(x).rsqrt().neg()]),
  atan: smooth(([x]) => [x.mul(x).add(1).reciprocal()]),
  sinh: smooth(([x]) => [x.cosh()]),
  cosh: smooth(([x]) => [x.sinh()]),
  asinh: smooth(([x]) => [x.hypot(1).reciprocal()]),
  acosh: smooth(([x]) => [x.sub(1).rsqrt().mul(x.add(1).rsqrt())]),
  atanh: smooth(([x]) => [oneMinusSquare(x).reciprocal()]),
  log2: smooth(([x]) => [x.reciprocal().mul(Math.LOG2E)]),
  log10: smooth(([x]) => [x.reciprocal().mul(Math.LOG10E)]),
  exp2: smooth((_, y) => [y.mul(Math.LN2)]),
  cbrt: smooth((_, y) => [y.mul(y).mul(3).reciprocal()]),
  round: flat,
  erfinv: smooth((_, y) => [
    y
      .mul(y)
      .exp()
      .mul(Math.sqrt(Math.PI) / 2),
  ]),
  lgamma: smooth(([x]) => [x.digamma()]),
  polygamma: smooth(([x], { node }) => [x.polygamma((node as Node<"polygamma">).attrs.order + 1)]),
  erfc: smooth(([x]) => [
    x
      .mul(x)
      .neg()
      .exp()
      .mul(-2 / Math.sqrt(Math.PI)),
  ]),
  normalCdf: smooth(([x]) => [
    x
      .mul(x)
      .mul(-0.5)
      .exp()
      .mul(1 / Math.sqrt(2 * Math.PI)),
  ]),
  not: flat,
  stop: flat,
  cast: {
    forward: (node, [x]) => (isFloat(node.dtype) ? x?.cast(node.dtype) : undefined),
    backward: (node, ct) => [isFloat(node.inputs[0].dtype) ? ct.cast(node.inputs[0].dtype) : undefined],
  },

  add: smooth(() => [1, 1]),
  sub: smooth(() => [1, -1]),
  mul: smooth(([a, b]) => [b, a]),
  div: smooth(([_, b], y) => [new Tensor(constant(1, b.dtype)).div(b), y.div(b).neg()]),
  maximum: smooth((inputs) => larger(inputs, 1)),
  minimum: smooth((inputs) => larger(inputs, -1)),
  // At 0 the first is 0 for b = 0, and the second for b >= 0, where 0 times infinity would be NaN: a 1 stands for the base.
  pow: smooth(([a, b], y) => [
    b.mul(where(a.eq(0).and(b.eq(0)), 1, a).pow(b.sub(1))),
    y.mul(where(a.eq(0).and(b.ge(0)), 1, a).log()),
  ]),
  atan2: smooth(([y, x]) => {
    const distance = x.hypot(y);
    // At the origin, where there is no derivative, it is 0.
    const r = where(distance.eq(0), 1, distance);
    return [x.div(r).div(r), y.div(r).div(r).neg()];
  }),
  // The whole quotient that the remainder y leaves: a / b alone may be rounded up to the next one. Of infinite y and b, y / b is 1.
  mod: smooth(([a, b], y) => [1, where(y.eq(b), 1, y.div(b)).sub(a.div(b)).round()]),
  lt: flat,
  le: flat,
  eq: flat,
  ne: flat,
  and: flat,
  or: flat,
  xor: flat,
  shl: flat,
  shr: flat,

  where: {
    forward: (node, [, yes, no]) => (yes || no ? where(t(node.inputs[0]), yes ?? 0, no ?? 0) : undefined),
    backward: (node, ct) => {
      const test = seenInResult(node) ? t(node).le(0) : t(node.inputs[0]);
      return [undefined, where(test, ct, 0), where(test, 0, ct)];
    },
  },

  sum: linear((node, ct) => unreduce(node, ct)),
  max: {
    forward: (node, [x]) => x?.mul(winners(node)).sum((node as Node<"max">).attrs.axes),
    backward: (node, ct) => [unreduce(node, ct).mul(winners(node))],
  },
  overlap: linear((node, ct) => {
    const { axis, dilation } = (node as Node<"overlap">).attrs;
    return ct.window(node.inputs[0].shape[axis + 1], axis, { dilation });
  }),

  recurrence,
  cummax,

  reshape: linear((node, ct) => t(reshapeNode(ct.node, node.inputs[0].shape))),
  permute: linear((node, ct) => {
    const { order } = (node as Node<"permute">).attrs;
    return ct.permute(order.map((_, axis) => order.indexOf(axis)));
  }),
  expand: linear((node, ct) => {
    const [x] = node.inputs;
    const axes = x.shape.flatMap((n, i) => (n === node.shape[i] ? [] : [i]));
    return t(reshapeNode(ct.sum(axes).node, x.shape));
  }),
  slice: linear((node, ct) => {
    const { start, stop } = (node as Node<"slice">).attrs;
    return t(make("pad", [ct.node], { before: start, after: node.inputs[0].shape.map((n, i) => n - stop[i]) }));
  }),
  pad: linear((node, ct) => {
    const { before } = (node as Node<"pad">).attrs;
    const stop = before.map((n, i) => n + node.inputs[0].shape[i]);
    return t(cropped(ct.node, before, stop));
  }),
  flip: linear((node, ct) => ct.flip((node as Node<"flip">).attrs.axes)),
  window: linear((node, ct) => {
    const { axis, stride, dilation } = (node as Node<"window">).attrs;
    return t(resized(overlapAdd(ct.node, axis, stride, dilation), axis, node.inputs[0].shape[axis]));
  }),
  again: linear((_, ct) => ct),
  checkpoint: {
    forward: (node, [d, ...moving]) => {
      const given = [...node.inputs.slice(1), ...moving.flatMap((x) => x?.node ?? [])];
      return d && t(make("checkpoint", [d.node, ...new Set(given)], {}));
    },
    // What lies between its arguments and its result is derived as it is computed again: reverse.ts.
    backward: () => [],
  },
  custom: {
    forward: (node, [d, ...moving]) => {
      const { inputs, attrs } = node as Node<"custom">;
      if (!attrs.forward) return d;
      const tangent = attrs.forward(
        inputs.slice(1),
        moving.map((x) => x?.node),
      );
      return tangent && t(tangent);
    },
    backward: (node, ct, asked) => {
      const { inputs, attrs } = node as Node<"custom">;
      return [undefined, ...attrs.backward(inputs.slice(1), ct.node, asked.slice(1)).map((x) => x && t(x))];
    },
  },

  contract: {
    forward: (node, [x, y]) => {
      const { inputs, attrs } = node as Node<"contract">;
      return plus(
        x && t(make("contract", [x.node, inputs[1]], attrs)),
        y && t(make("contract", [inputs[0], y.node], attrs)),
      );
    },
    backward: (node, ct) => {
      const { inputs, attrs } = node as Node<"contract">;
      const { a, b, out } = attrs;
      return [
        t(make("contract", [ct.node, inputs[1]], { a: out, b, out: a })),
        t(make("contract", [inputs[0], ct.node], { a, b: out, out: b })),
      ];
    },
  },
  gather: linear((node, ct) => {
    const { axis } = (node as Node<"gather">).attrs;
    const [x, index] = node.inputs;
    return ct.scatterAdd(t(index), x.shape[axis], axis);
  }),
  scatter: {
    forward: (node, [, x]) => x && t(make("scatter", [node.inputs[0], x.node], (node as Node<"scatter">).attrs)),
    backward: (node, ct) => [undefined, ct.gather(t(node.inputs[0]), (node as Node<"scatter">).attrs.axis)],
  },
  scatterInto,

  scan: control,
  while: control,
  cond: control,
  result: control,
};
