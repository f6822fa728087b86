import { readFileSync } from "node:fs";
import { compile, type DType, dot, einsum, hessian, kron, type Outputs, outer, type Tensor, tensor, vjp } from "pondus";
import { expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

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
interface Fixture {
  readonly cases: readonly Case[];
  readonly hessians: readonly { name: string; x: number[]; hessian: number[][] }[];
}
const fixture: Fixture = JSON.parse(readFileSync(new URL("../fixtures/arrays.json", import.meta.url), "utf8"));

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

/** Functions to one number, by the names that the fixture calls their Hessians by. */
const smooth: { readonly [name: string]: (x: Tensor) => Tensor } = {
  cumprod: (x) => x.cumprod().sin().sum(),
  prod: (x) => x.prod(),
  scatter: (x) => {
    const index = tensor([1, 0, 2, 0], { dtype: "int32" });
    return x.slice(0, 3).scatter(index, x.slice(3), { combine: "mul" }).sin().sum();
  },
};

onEveryBackend((backend) => {
  test("second derivatives where factors are 0, as PyTorch", async () => {
    for (const { name, x, hessian: wanted } of fixture.hessians) {
      const at = tensor(x, { dtype: "float64" });
      const { h } = await compile(() => ({ h: hessian(smooth[name](at), at) }), {}, { backend }).run();
      expect(difference(h, wanted.flat(), 1e-13), `${name} at ${x}`).toBeUndefined();
    }
  });

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
