import { arange, checkpoint, customGradient, einsum, parameter, type Shape, Tensor, tensor } from "pondus";
import { make } from "../../../src/graph/make.ts";
import type { OpName } from "../../../src/graph/node.ts";
import { elementwise } from "../../../src/tensor/operands.ts";
import { domainOf } from "../../support/domain.ts";
import type { GradientCase } from "./check.ts";
import { condCases, scanCases, whileCases } from "./control-cases.ts";

const input = (shape: Shape, from = -2, to = 2) => ({ shape, from, to });
const one = (name: string, f: GradientCase["f"], ...shapes: Shape[]): GradientCase => ({
  name,
  f,
  inputs: shapes.map((s) => input(s)),
});
const whole = (values: readonly number[]) => tensor(values, { dtype: "int32" });

const zeroAt2 = tensor([1, 1, 0, 1], { dtype: "float64" });
const recurrence = (a: Tensor, b: Tensor, start: Tensor, axis: number) =>
  new Tensor(make("recurrence", [a.node, b.node, start.node], { axis }));

/** An elementwise op on samples from the domain that the table states: plain, and broadcast. */
function sampled(op: OpName): GradientCase[] {
  const domain = domainOf(op);
  const f = (...xs: Tensor[]) =>
    new Tensor(
      elementwise(
        op,
        xs.map((x) => x.node),
      ),
    );
  const shaped = (shapes: readonly Shape[]) => domain.map(([from, to], i) => input(shapes[i], from, to));
  const plain = { name: op, f, inputs: shaped([[5], [5]]) };
  if (domain.length === 1) return [plain];
  return [plain, { name: `${op}, broadcast`, f, inputs: shaped([[2, 1], [3]]) }];
}

/** On an interval beside the stated one. */
function also(op: OpName, ...intervals: readonly (readonly [number, number])[]): GradientCase[] {
  const [first] = sampled(op);
  const inputs = intervals.map(([from, to]) => input([5], from, to));
  return [{ ...first, name: `${op} on ${intervals.map((i) => `[${i}]`).join(" x ")}`, inputs }];
}

/** The gradient of a choice between two smooth functions. */
const chosen = (name: string, mask: (a: Tensor, b: Tensor) => Tensor): GradientCase[] => [
  one(`${name}, as a condition`, (a, b) => mask(a, b).where(a.mul(b), b.sin()), [7], [7]),
];

/** The op itself stops the gradient, or never meets a float: its rule is that nothing flows. */
export const exempt = { stop: "gradients stop there; tested apart" } as const;

type Tested = Exclude<OpName, keyof typeof exempt>;

/** At least one case for every op: a new op does not compile without. */
export const opCases: { readonly [K in Tested]: readonly GradientCase[] } = {
  constant: [one("constant", (x) => x.mul(3).add(tensor(0.5, { dtype: "float64" })), [3])],
  data: [one("data", (x) => x.mul(tensor([1, -2, 3], { dtype: "float64" })), [3])],
  iota: [one("iota", (x) => x.mul(arange(3, "float64")), [3])],
  input: [one("input", (x) => x, [3])],
  parameter: [one("parameter", (x) => x.mul(parameter([3], [1, 2, 3], { dtype: "float64" })), [3])],
  formal: scanCases.slice(0, 1),

  neg: sampled("neg"),
  abs: [...sampled("abs"), ...also("abs", [-2, -0.3])],
  sign: [...sampled("sign"), one("sign, as a factor", (x) => x.sign().mul(x).mul(x), [5])],
  floor: [...sampled("floor"), one("floor, as a factor", (x) => x.floor().mul(x), [5])],
  sqrt: sampled("sqrt"),
  exp: sampled("exp"),
  expm1: sampled("expm1"),
  log: sampled("log"),
  log1p: [...sampled("log1p"), ...also("log1p", [-0.7, 0.2])],
  sin: sampled("sin"),
  cos: sampled("cos"),
  tanh: sampled("tanh"),
  sigmoid: sampled("sigmoid"),
  softplus: sampled("softplus"),
  erf: sampled("erf"),
  tan: sampled("tan"),
  // The check takes the sine of a result, and that of asin itself has no second derivative.
  asin: [{ ...sampled("asin")[0], f: (x) => x.asin().mul(2) }],
  acos: sampled("acos"),
  atan: sampled("atan"),
  sinh: sampled("sinh"),
  cosh: sampled("cosh"),
  asinh: sampled("asinh"),
  acosh: sampled("acosh"),
  atanh: sampled("atanh"),
  log2: sampled("log2"),
  log10: sampled("log10"),
  exp2: sampled("exp2"),
  cbrt: [...sampled("cbrt"), ...also("cbrt", [-3, -0.3])],
  round: [...sampled("round"), one("round, as a factor", (x) => x.round().mul(x), [5])],
  erfinv: sampled("erfinv"),
  lgamma: [...sampled("lgamma"), ...also("lgamma", [-2.8, -2.2]), ...also("lgamma", [4, 20])],
  polygamma: ([0, 1, 2, 3] as const).flatMap((order) =>
    (
      [
        [0.8, 3],
        [-2.7, -2.3],
        [4, 30],
      ] as const
    ).map(([from, to]) => ({
      name: `polygamma of order ${order} on [${from}, ${to}]`,
      f: (x: Tensor) => x.polygamma(order).mul(0.01),
      inputs: [input([5], from, to)],
    })),
  ),
  erfc: sampled("erfc"),
  normalCdf: sampled("normalCdf"),
  not: chosen("not", (a, b) => a.lt(b).not()),
  cast: [
    { ...one("cast to float32 and back", (x) => x.cast("float32").cast("float64"), [5]), order: 1 },
    { ...one("cast, a sum in float32", (x) => x.cast("float32").sum().cast("float64"), [5]), order: 1 },
    one("cast to int32: flat", (x) => x.cast("int32").cast("float64").mul(x), [5]),
  ],

  add: sampled("add"),
  sub: sampled("sub"),
  mul: [...sampled("mul"), one("mul by itself", (x) => x.mul(x).mul(x), [5])],
  div: [...sampled("div"), ...also("div", [-2, 2], [-3, -0.5])],
  maximum: [...sampled("maximum"), ...also("maximum", [3.5, 5], [0.2, 3])],
  minimum: [...sampled("minimum"), ...also("minimum", [3.5, 5], [0.2, 3])],
  pow: [
    ...sampled("pow"),
    ...([2, 3, -1, -3, 0, 1, 0.5, 2.5] as const).map((n) => ({
      name: `pow ${n}`,
      f: (x: Tensor) => x.pow(n),
      inputs: [input([5], 0.3, 2)],
    })),
    one("pow by a whole number, below zero", (x) => x.sub(3).mul(0.4).pow(5), [5]),
  ],
  atan2: [...sampled("atan2"), ...also("atan2", [0.3, 2], [-2, 2]), ...also("atan2", [-2, -0.3], [-2, 2])],
  mod: [...sampled("mod"), ...also("mod", [4.1, 4.4], [1.9, 2]), ...also("mod", [-1.4, -1.1], [0.9, 1])],
  lt: chosen("lt", (a, b) => a.lt(b)),
  le: chosen("le", (a, b) => a.le(b)),
  eq: chosen("eq", (a, b) => a.eq(b)),
  ne: chosen("ne", (a, b) => a.ne(b)),
  and: chosen("and", (a, b) => a.gt(0).and(b.gt(0))),
  or: chosen("or", (a, b) => a.gt(0).or(b.gt(0))),
  xor: chosen("xor", (a, b) => a.gt(0).xor(b.gt(0))),
  shl: [one("shl, in an index", (x) => x.gather(arange(3).shiftLeft(1)).square(), [5])],
  shr: [one("shr, in an index", (x) => x.gather(arange(8).shiftRight(1)).square(), [5])],

  where: [
    one("where", (x, y) => tensor([1, 0, 1], { dtype: "bool" }).where(x.square(), y), [3], [3]),
    one("where, broadcast", (x, y) => tensor([1, 0, 1], { dtype: "bool" }).where(x, y), [2, 1], [3]),
    one("where, beside a number", (x) => x.gt(0).where(x.square(), 1), [7]),
  ],

  sum: ([undefined, 0, 1, -1, [0, 2], []] as const).map((axes) =>
    one(`sum over ${axes}`, (x) => x.sum(axes), [2, 3, 4]),
  ),
  max: [
    ...([undefined, 0, 1, -1, [0, 2]] as const).map((axes) => one(`max over ${axes}`, (x) => x.max(axes), [2, 3, 4])),
    one("min", (x) => x.min(1), [3, 4]),
    one("max of a product with its own max", (x) => x.mul(x.max(1, { keepDims: true })).max(1), [3, 4]),
  ],

  overlap: [
    one("the second derivative of a window", (x) => x.square().window(3, 0).sin().mul(x.window(3, 0)), [5]),
    one("overlap", (x) => x.overlapAdd(1).square(), [2, 4, 3]),
    one("overlap, strided", (x) => x.overlapAdd(0, { stride: 2 }).square(), [3, 3]),
    one("overlap, strided and dilated", (x) => x.overlapAdd(0, { stride: 2, dilation: 3 }).square(), [3, 2]),
    one(
      "overlap, dilated",
      (x) =>
        x
          .sin()
          .overlapAdd(0, { dilation: 2 })
          .mul(x.overlapAdd(0, { dilation: 2 })),
      [3, 2, 2],
    ),
  ],

  recurrence: [
    one("recurrence", (a, b, h) => recurrence(a, b, h, 1), [2, 4, 3], [2, 4, 3], [2, 3]),
    one("recurrence along the last axis", (a, b, h) => recurrence(a, b, h, 1), [3, 5], [3, 5], [3]),
    one("cumsum", (x) => x.cumsum(0).mul(x), [5, 2]),
    one("cumprod with zeros", (x) => x.mul(tensor([1, 0, 1, 0, 1], { dtype: "float64" })).cumprod(), [5]),
    one("logCumSumExp", (x) => x.logCumSumExp(0, { reverse: true }), [4, 2]),
  ],
  cummax: [
    one("cummax", (x) => x.cummax().mul(x), [7]),
    one("cummin, exclusive", (x) => x.cummin(0, { exclusive: true }).slice(1).square(), [7]),
  ],

  reshape: [one("reshape", (x) => x.reshape([2, -1]).square(), [3, 4])],
  permute: [one("permute", (x) => x.permute([2, 0, 1]).square(), [2, 3, 4]), one("transpose", (x) => x.T, [2, 3])],
  expand: [
    one("expand", (x) => x.expand([2, 3, 4]), [3, 1]),
    one("expand a scalar", (x) => x.expand([2, 3]), []),
    one("expand, twice", (x) => x.expand([3, 4]).mul(x.expand([2, 3, 4])), [1, 4]),
  ],
  slice: [one("slice", (x) => x.slice(1, 3, 1), [2, 4]), one("at", (x) => x.at(-1).mul(x.at(0, 1).sum()), [3, 4])],
  pad: [one("pad", (x) => x.padAxis(1, 2, 0).padAxis(0, 1, 1).add(1), [2, 3])],
  flip: [one("flip", (x) => x.flip(1).mul(x), [2, 3]), one("flip all", (x) => x.flip().mul(x), [2, 3])],
  window: [
    one("window", (x) => x.window(3, 0).square(), [7]),
    one("window, of an inner axis", (x) => x.window(2, 1, { stride: 2 }).mul(x.at(0, 1).sum()), [2, 5, 3]),
    one("window, strided with a rest", (x) => x.window(3, 0, { stride: 2 }).square(), [8]),
    one("window, with gaps", (x) => x.window(2, 0, { stride: 3 }).square(), [9]),
    one("window, dilated", (x) => x.window(3, 0, { dilation: 2 }).square(), [8]),
    one("window, strided and dilated", (x) => x.window(2, 0, { stride: 2, dilation: 3 }).square(), [9]),
    ...([1, 2, 3] as const).map((stride) =>
      one(
        `window times a kernel, stride ${stride}`,
        (x, w) => einsum("ikc,kco->io", x.window(3, 0, { stride }), w).square(),
        [8, 2],
        [3, 2, 2],
      ),
    ),
    one(
      "windows of two axes times a kernel",
      (x, w) => einsum("ikjl,kl->ij", x.window(2, 1).window(3, 0), w).square(),
      [5, 4],
      [3, 2],
    ),
    one(
      "windows of two axes, each with its own kernel",
      (x, w) => einsum("ikjl,ijkl->ij", x.window(2, 1, { stride: 2 }).window(2, 0), w).square(),
      [3, 4],
      [2, 2, 2, 2],
    ),
  ],
  checkpoint: [
    one(
      "checkpoint, of two arguments",
      (x, y) => checkpoint((a: Tensor, b: Tensor) => a.mul(b).tanh().mul(a))(x, y.exp()).mul(x),
      [5],
      [5],
    ),
    one(
      "checkpoint in a checkpoint, beside a value from outside",
      (x, y) => {
        const inner = checkpoint((a: Tensor) => a.sin().mul(y));
        return checkpoint((a: Tensor) => inner(a.mul(y)).exp().mul(a))(x.tanh());
      },
      [5],
      [5],
    ),
  ],
  custom: [
    one(
      "a value with a rule of its own",
      (x, y) => {
        const [a, b] = [x.sin(), y.exp()];
        return customGradient(a.mul(b).mul(b), [a, b], (ct, [p, q]) => [ct.mul(q).mul(q), ct.mul(p).mul(q).mul(2)]).mul(
          x,
        );
      },
      [5],
      [5],
    ),
  ],
  again: [one("again", (x) => new Tensor(make("again", [x.sin().node, x.exp().node], {})).mul(x), [5])],

  contract: (
    [
      ["ij,jk->ik", [2, 3], [3, 4]],
      ["ij,kj->ki", [2, 3], [4, 3]],
      ["bij,bjk->bik", [2, 2, 3], [2, 3, 2]],
      ["bij,jk->bik", [2, 2, 3], [3, 2]],
      ["i,i->", [4], [4]],
      ["i,j->ji", [3], [4]],
      ["ij,ij->i", [2, 3], [2, 3]],
      ["ij,k->i", [2, 3], [4]],
      ["ii,ij->j", [3, 3], [3, 2]],
      [",ij->ij", [], [2, 3]],
    ] as const
  ).map(([spec, a, b]) => one(`einsum ${spec}`, (x, y) => einsum(spec, x, y), a, b)),
  gather: [
    one("gather", (x) => x.gather(whole([2, 0, 2, 1])), [3, 2]),
    one("gather, inner axis, matrix of indices", (x) => x.gather(whole([2, 0, 2, 1]).reshape([2, 2]), 1), [2, 3, 2]),
    one("gather, out of range", (x) => x.gather(whole([-3, 9])), [3]),
    one("gather of a scalar index", (x) => x.at(tensor(1, { dtype: "int32" })), [3, 2]),
  ],
  scatterInto: [
    one("scatter, set", (x, y) => x.scatter(whole([2, 0, 2, -1]), y), [4, 2], [4, 2]),
    one("scatter, set, inner axis", (x, y) => x.scatter(whole([1, 5, 0]), y, { axis: 1 }), [2, 3, 2], [2, 3, 2]),
    one("scatter, max", (x, y) => x.scatter(whole([2, 0, 2, 1]), y, { combine: "max" }), [4, 2], [4, 2]),
    one("scatter, min", (x, y) => x.scatter(whole([1, 1]), y, { combine: "min" }), [3], [2]),
    one("scatter, mul", (x, y) => x.scatter(whole([2, 0, 2, 1]), y, { combine: "mul" }), [4, 2], [4, 2]),
    one(
      "scatter, mul, with a zero",
      (x, y) => x.mul(zeroAt2).scatter(whole([2, 0, 2, 1]), y, { combine: "mul" }),
      [4],
      [4],
    ),
    one(
      "scatter, mul, with two zeros",
      (x, y) => x.mul(zeroAt2).scatter(whole([2, 2]), y.mul(x.at(0).sub(x.at(0))), { combine: "mul" }),
      [4],
      [2],
    ),
  ],
  scatter: [
    one("scatterAdd", (x) => x.scatterAdd(whole([2, 0, 2, 1]), 4), [4, 2]),
    one("scatterAdd, inner axis, out of range", (x) => x.scatterAdd(whole([-1, 5, 0]), 3, 1), [2, 3, 2]),
    one("scatterAdd, matrix of indices", (x) => x.scatterAdd(whole([2, 0, 2, 1]).reshape([2, 2]), 3), [2, 2, 3]),
  ],

  scan: scanCases,
  while: whileCases,
  cond: condCases,
  result: scanCases.slice(1, 2),
};
