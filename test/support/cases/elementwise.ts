import { type DType, stack, Tensor, tensor } from "pondus";
import { make } from "../../../src/graph/make.ts";
import type { OpName } from "../../../src/graph/node.ts";
import { type OpFacts, ops } from "../../../src/graph/ops.ts";
import { elementwise } from "../../../src/tensor/operands.ts";
import { domainOf } from "../domain.ts";
import { type Case, everyType, floats, type Inputs, list, outputs, sample, type Value } from "./case.ts";

const apply = (op: OpName, ...xs: Tensor[]) =>
  new Tensor(
    elementwise(
      op,
      xs.map((x) => x.node),
    ),
  );
const ofClass = (wanted: OpFacts["class"]) => (Object.keys(ops) as OpName[]).filter((op) => ops[op].class === wanted);

/** Ops without attributes; the others have cases of their own. */
const plain = (op: OpName) => op !== "cast" && op !== "polygamma";

/** The element types that an op takes. */
export const takenBy: { readonly [T in OpFacts["takes"]]: readonly DType[] } = {
  float: ["float32", "float64"],
  number: ["float32", "float64", "int32"],
  int: ["int32"],
  bool: ["bool"],
  bits: ["int32", "bool"],
  any: everyType,
};

const interval = (op: OpName, i: number) => domainOf(op)[i];

const shapes = [[], [1], [3], [7], [17], [33], [2, 3, 5]];
const unary: Case[] = ofClass("unary")
  .filter(plain)
  .map((op) => {
    const inputs: { [name: string]: Value } = {};
    for (const dtype of takenBy[ops[op].takes]) {
      for (const shape of shapes) inputs[`${dtype}_${shape.join("x")}`] = sample(shape, dtype, ...interval(op, 0));
    }
    return { name: op, inputs, f: (x) => outputs(Object.keys(inputs).map((name) => [name, apply(op, x[name])])) };
  });

const pairs = [
  [[33], [33]],
  [[17], []],
  [[], [7]],
  [
    [3, 1],
    [1, 7],
  ],
  [
    [2, 3, 5],
    [3, 1],
  ],
  [[1], [2, 1, 3]],
];
const binary: Case[] = ofClass("binary").map((op) => {
  const inputs: { [name: string]: Value } = {};
  const names: string[] = [];
  for (const dtype of takenBy[ops[op].takes]) {
    for (const [p, q] of pairs) {
      const name = `${dtype}_${p.join("x")}_${q.join("x")}`;
      names.push(name);
      inputs[`a_${name}`] = sample(p, dtype, ...interval(op, 0));
      inputs[`b_${name}`] = sample(q, dtype, ...interval(op, 1));
    }
  }
  return {
    name: op,
    inputs,
    f: (x) => outputs(names.map((name) => [name, apply(op, x[`a_${name}`], x[`b_${name}`])])),
  };
});

const select: Case[] = everyType.map((dtype) => ({
  name: `where, ${dtype}`,
  inputs: {
    test: sample([33], "bool"),
    column: sample([3, 1], "bool"),
    one: sample([], "bool"),
    a: sample([33], dtype),
    b: sample([33], dtype),
    row: sample([5], dtype),
  },
  f: ({ test, column, one, a, b, row }) => ({
    same: test.where(a, b),
    spread: column.where(row, 1),
    scalar: one.where(a, b),
    number: test.where(0, b),
  }),
}));

/** Numbers at which IEEE arithmetic has something to say. */
const edges = [0, -0, 1, -1, 0.5, -0.5, 2, -2.5, 3, 100, -100, Infinity, -Infinity, Number.NaN];
const wholeEdges = [0, 1, -1, 2, 7, -7, 31, 65537, 123456789, 2 ** 31 - 1, -(2 ** 31)];
const crossed = (values: readonly number[], dtype: DType): Inputs => ({
  a: { shape: [values.length, 1], dtype, values },
  b: { shape: [1, values.length], dtype, values },
});
const unaryOn = (dtype: DType) => ofClass("unary").filter((op) => plain(op) && takenBy[ops[op].takes].includes(dtype));
const binaryOn = (dtype: DType) => ofClass("binary").filter((op) => takenBy[ops[op].takes].includes(dtype));

const edgeCases: Case[] = [
  ...floats.flatMap((dtype): Case[] => [
    {
      name: `unary ops on NaN, infinity and zero, ${dtype}`,
      inputs: { x: list(edges, dtype) },
      f: ({ x }) => outputs(unaryOn(dtype).map((op) => [op, apply(op, x)])),
    },
    {
      name: `binary ops on NaN, infinity and zero, ${dtype}`,
      inputs: crossed(edges, dtype),
      f: ({ a, b }) => outputs(binaryOn(dtype).map((op) => [op, apply(op, a, b)])),
    },
    {
      name: `max and min pass NaN on, comparisons with it are false, ${dtype}`,
      inputs: { a: list([Number.NaN, 1, Number.NaN, Infinity], dtype), b: list([1, Number.NaN, Number.NaN, 2], dtype) },
      f: ({ a, b }) => ({
        max: a.maximum(b),
        min: a.minimum(b),
        lt: a.lt(b),
        gt: a.gt(b),
        le: a.le(b),
        ge: a.ge(b),
        eq: a.eq(b),
        ne: a.ne(b),
        clip: a.clip(0, 1),
      }),
      expected: {
        max: [Number.NaN, Number.NaN, Number.NaN, Infinity],
        min: [Number.NaN, Number.NaN, Number.NaN, 2],
        lt: [0, 0, 0, 0],
        gt: [0, 0, 0, 1],
        le: [0, 0, 0, 0],
        ge: [0, 0, 0, 1],
        eq: [0, 0, 0, 0],
        ne: [1, 1, 1, 1],
        clip: [Number.NaN, 1, Number.NaN, 1],
      },
    },
    {
      name: `the sign of zero, ${dtype}`,
      inputs: { x: list([0, -0, 1], dtype) },
      f: ({ x }) => ({ neg: x.neg().pow(-1), same: x.pow(-1), abs: x.abs().pow(-1), sqrt: x.sqrt().pow(-1) }),
      expected: {
        neg: [-Infinity, Infinity, -1],
        same: [Infinity, -Infinity, 1],
        abs: [Infinity, Infinity, 1],
        sqrt: [Infinity, -Infinity, 1],
      },
    },
  ]),
  {
    name: "unary ops on int32, its ends included",
    inputs: { x: list(wholeEdges, "int32") },
    f: ({ x }) => outputs(unaryOn("int32").map((op) => [op, apply(op, x)])),
  },
  {
    name: "binary ops on int32 wrap around",
    inputs: crossed(wholeEdges, "int32"),
    f: ({ a, b }) => outputs(binaryOn("int32").map((op) => [op, apply(op, a, b)])),
  },
  {
    name: "int32 arithmetic is modulo 2^32",
    inputs: { x: list([2 ** 31 - 1, -(2 ** 31), 65537, -123456789], "int32") },
    f: ({ x }) => ({ add: x.add(1), sub: x.sub(1), square: x.mul(x), left: x.shiftLeft(4), right: x.shiftRight(4) }),
    expected: {
      add: [-(2 ** 31), -(2 ** 31) + 1, 65538, -123456788],
      sub: [2 ** 31 - 2, 2 ** 31 - 1, 65536, -123456790],
      square: [1, 0, 131073, -1757895751],
      left: [-16, 0, 1048592, -1975308624],
      right: [134217727, 134217728, 4096, 260719406],
    },
  },
  {
    name: "shifts by 0 to 33, counted modulo 32",
    inputs: {
      x: { shape: [2, 1], dtype: "int32", values: [-2023406815, 305419896] },
      n: list([0, 1, 5, 16, 31, 32, 33], "int32"),
    },
    f: ({ x, n }) => ({ left: x.shiftLeft(n), right: x.shiftRight(n) }),
  },
];

const castInputs: { readonly [D in DType]: readonly number[] } = {
  float32: [0, 1, -1, 2.9, -2.9, 1e10, -1e10, 0.1, Infinity, -Infinity, Number.NaN, 16777216],
  float64: [0, 1e-300, 1e300, -1e300, 2147483647.5, -2147483648.9, 0.1, Infinity, -Infinity, Number.NaN, 16777217],
  int32: [0, 1, -1, 16777217, 2 ** 31 - 1, -(2 ** 31), 123456789],
  bool: [0, 1, 1],
};
const casts: Case[] = everyType.flatMap((from): Case[] => [
  {
    name: `cast from ${from}`,
    inputs: { edges: list(castInputs[from], from), x: sample([33], from, -50, 50) },
    f: ({ edges: e, x }) =>
      outputs(
        everyType.flatMap((to) => [
          [`edges_${to}`, new Tensor(make("cast", [e.node], { to }))],
          [`x_${to}`, new Tensor(make("cast", [x.node], { to }))],
        ]),
      ),
    expected:
      from === "float64"
        ? {
            edges_int32: [
              0,
              0,
              2 ** 31 - 1,
              -(2 ** 31),
              2 ** 31 - 1,
              -(2 ** 31),
              0,
              2 ** 31 - 1,
              -(2 ** 31),
              0,
              16777217,
            ],
          }
        : undefined,
  },
]);

const fused: Case[] = floats.map((dtype) => ({
  name: `a long elementwise expression with shared parts, ${dtype}`,
  inputs: { x: sample([7, 33], dtype), y: sample([33], dtype, 0.2, 3), z: sample([7, 1], dtype) },
  f: ({ x, y, z }) => {
    const a = x.mul(y).add(z).tanh();
    const b = a.sub(y.log()).square().add(1).sqrt();
    return { a, b, c: a.gt(0).where(b.exp(), b.neg().sigmoid()), d: a.mul(b).add(a).div(y.add(z.abs())) };
  },
}));

const polygammas: Case[] = floats.map((dtype) => ({
  name: `polygamma, several orders in one kernel, ${dtype}`,
  inputs: { x: sample([33], dtype, 0.2, 20), y: sample([7], dtype, -3, 3), edges: list(edges, dtype) },
  f: ({ x, y, edges: e }) => ({
    some: stack([0, 1, 2, 4].map((order) => x.polygamma(order))),
    sum: x.digamma().add(x.polygamma(1)),
    digamma: y.digamma(),
    trigamma: y.polygamma(1),
    edges: e.digamma(),
    more: e.polygamma(1),
  }),
}));

const constantMasks: Case[] = floats.map((dtype) => ({
  name: `conditions that are constants, alone and beside computed ones, ${dtype}`,
  inputs: { x: sample([5], dtype) },
  f: ({ x }) => {
    const [yes, no] = [1, 0].map((value) => tensor(value, { dtype: "bool" }));
    const below = x.lt(0.5);
    return {
      and: below.and(yes).where(x, x.neg()),
      eq: no.eq(below).where(x, 2),
      number: yes.cast(dtype).add(x),
      deep: yes.and(no.not()).and(below).where(x, x.neg()),
      padded: yes.expand([3]).padAxis(1, 1, 0).and(below).where(x, 3),
      chosen: yes.where(x, x.neg()),
    };
  },
}));

export const elementwiseCases: readonly Case[] = [
  ...unary,
  ...binary,
  ...select,
  ...edgeCases,
  ...casts,
  ...fused,
  ...polygammas,
  ...constantMasks,
];
