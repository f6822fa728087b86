import { readFileSync } from "node:fs";
import { compile, type DType, dot, einsum, kron, type Outputs, outer, type Tensor, tensor, vjp } from "pondus";
import { expect, test } from "vitest";
import { difference } from "./agreement.ts";
import { onEveryBackend } from "./every-backend.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}
interface Case {
  readonly name: string;
  readonly args: { readonly [name: string]: never };
  readonly dtype?: DType;
  readonly inputs: readonly Numbers[];
  readonly index?: Numbers;
  readonly value: Numbers;
  readonly cotangent?: Numbers;
  readonly grads?: readonly Numbers[];
}
const fixture: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("fixtures/arrays.json", import.meta.url), "utf8"),
);

type Operation = (inputs: readonly Tensor[], args: Case["args"], index: Tensor) => Tensor;

/** The operations by the names that the fixture calls them by. */
const operations: { readonly [name: string]: Operation } = {
  cumsum: ([x], a) => x.cumsum(a.axis, a),
  cumprod: ([x], a) => x.cumprod(a.axis),
  cummax: ([x], a) => x.cummax(a.axis),
  cummin: ([x], a) => x.cummin(a.axis),
  logCumSumExp: ([x], a) => x.logCumSumExp(a.axis),
  prod: ([x], a) => x.prod(a.axis),
  any: ([x], a) => x.any(a.axis),
  all: ([x], a) => x.all(a.axis),
  sort: ([x], a) => x.sort(a.axis, a),
  argsort: ([x], a) => x.argsort(a.axis, a),
  topK: ([x], a) => x.topK(a.k, a.axis, a).values,
  searchsorted: ([x, values], a) => x.searchsorted(values, a),
  roll: ([x], a) => x.roll(a.shift, a.axis),
  repeat: ([x], a) => x.repeat(a.count, a.axis),
  tile: ([x], a) => x.tile(a.counts),
  tril: ([x], a) => x.tril(a.k),
  triu: ([x], a) => x.triu(a.k),
  diag: ([x], a) => x.diag(a.k),
  diagonal: ([x], a) => x.diagonal(a.k, a.axis1, a.axis2),
  trace: ([x], a) => x.trace(a.k),
  scatter: ([x, updates], a, index) => x.scatter(index, updates, a),
  putAlongAxis: ([x, updates], a, index) => x.putAlongAxis(index, updates, a),
  takeAlongAxis: ([x], a, index) => x.takeAlongAxis(index, a.axis),
  outer: ([x, y]) => outer(x, y),
  kron: ([x, y]) => kron(x, y),
  dot: ([x, y]) => dot(x, y),
  einsum: (xs, a) => einsum(a.spec, ...xs),
};

const numbers = ({ data }: Numbers) => data.map(Number);
const made = (x: Numbers, dtype: DType) => tensor(Float64Array.from(numbers(x)), { shape: x.shape, dtype });

/** Value and gradients of all cases of one name, in one program. */
function outputsOf(cases: readonly Case[]): Outputs {
  const entries = cases.flatMap(
    ({ name, args, inputs, index, cotangent, dtype = "float64" }, k): [string, Tensor][] => {
      const xs = inputs.map((x) => made(x, dtype));
      const f = operations[name];
      const at = tensor(index ? numbers(index) : [], { dtype: "int32" }).reshape(index?.shape ?? [0]);
      const y = f(xs, args, at);
      const wrt = Object.fromEntries(xs.map((x, i) => [i, x]));
      const grads = cotangent ? Object.values(vjp(y, made(cotangent, "float64"), wrt)) : [];
      return [[`${k}`, y], ...grads.map((g, i): [string, Tensor] => [`${k} by ${i}`, g])];
    },
  );
  return Object.fromEntries(entries);
}

const names = [...new Set(fixture.cases.map((c) => c.name))];

test("the fixture holds every operation of this page", () => {
  expect(names.sort()).toEqual(Object.keys(operations).sort());
});

onEveryBackend((backend) => {
  test.each(names)("%s, with gradients, as PyTorch and NumPy", async (name) => {
    const cases = fixture.cases.filter((c) => c.name === name);
    const got = await compile(() => outputsOf(cases), {}, { backend }).run();
    const wrong = cases.flatMap(({ args, inputs, value, grads = [] }, k) => {
      const what = `${JSON.stringify(args)} of ${inputs.map((x) => `[${x.shape}]`)}`;
      const wanted = [[`${k}`, value] as const, ...grads.map((g, i) => [`${k} by ${i}`, g] as const)];
      return wanted.flatMap(([output, expected]) => {
        const { shape } = got[output];
        if (`${shape}` !== `${expected.shape}`)
          return [`${what}, ${output}: shape [${shape}], not [${expected.shape}]`];
        const text = difference(got[output], numbers(expected), 1e-11);
        return text ? [`${what}, ${output}: ${text}`] : [];
      });
    });
    expect(wrong).toEqual([]);
  });
});
