import { readFileSync } from "node:fs";
import { compile, grad, nn, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

type Numbers = readonly (number | string)[];
interface Derivatives {
  readonly arguments: readonly Numbers[];
  readonly first: readonly Numbers[];
  readonly second: readonly Numbers[];
}

const fixture: {
  readonly derivatives: { readonly [name: string]: Derivatives };
  readonly positions: { readonly [name: string]: Numbers } & { readonly rows: readonly Numbers[] };
} = JSON.parse(readFileSync(new URL("../fixtures/kinks.json", import.meta.url), "utf8"));

const functions: { readonly [name: string]: (x: Tensor, y: Tensor) => Tensor } = {
  maximum: (x, y) => x.maximum(y),
  minimum: (x, y) => x.minimum(y),
  pow: (x, y) => x.pow(y),
  clip: (x) => x.clip(0, 1),
  abs: (x) => x.abs(),
  sign: (x) => x.sign(),
  sqrt: (x) => x.sqrt(),
  relu: (x) => nn.relu(x),
  leakyRelu: (x) => nn.leakyRelu(x),
  max: (x) => x.max(),
};

const dtype = "float64";

onEveryBackend((backend) => {
  test.for(Object.entries(functions))("derivatives of %s at its kinks, its ends and NaN", async ([name, f]) => {
    const { arguments: given, first, second } = fixture.derivatives[name];
    const values = given.map((list) => list.map(Number));
    const shape = [values[0].length];
    const program = compile(
      ({ a, b }) => {
        const all = [a, b].slice(0, values.length);
        const once = all.map((x) => grad(f(a, b).sum(), x));
        const twice = all.map((x) => grad(once[0].sum(), x));
        return Object.fromEntries([...once, ...twice].map((y, i) => [`d${i}`, y]));
      },
      { a: { shape, dtype }, b: { shape, dtype } },
      { backend },
    );
    const got = Object.values(await program.run({ a: values[0], b: values[1] ?? values[0] })).map((y) => [...y.data]);
    const wrong = [...first, ...second].flatMap((list, k) =>
      list.flatMap((truth, i) => {
        const [g, t] = [got[k][i], Number(truth)];
        const near = Object.is(g + 0, t + 0) || Math.abs(g - t) <= 1e-14 * Math.abs(t);
        return near ? [] : [`${name}(${values.map((v) => v[i])}), derivative ${k}: ${g}, not ${t}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("the largest and the smallest, and where they stand: the first of equals, and the first NaN", async () => {
    const rows = fixture.positions.rows.map((row) => row.map(Number));
    const of = (x: Tensor) => ({ argmax: x.argmax(), argmin: x.argmin(), max: x.max(1), min: x.min(1) });
    const program = compile(({ x }) => of(x), { x: { shape: [5, 4], dtype } }, { backend });
    for (const [name, { data }] of Object.entries(await program.run({ x: rows }))) {
      expect([...data].map((v) => v + 0)).toEqual(fixture.positions[name].map((v) => Number(v) + 0));
    }
    const whole = compile(({ x }) => of(x), { x: { shape: [2, 3], dtype: "int32" } }, { backend });
    const { argmax, argmin } = await whole.run({ x: [3, -7, 3, 0, 5, -1] });
    expect([[...argmax.data], [...argmin.data]]).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test("the sign of a zero, where a program adds or takes away one", async () => {
    const program = compile(
      ({ x }) => ({
        plus: x.add(0),
        turned: tensor(0, { dtype }).add(x),
        plusMinus: x.add(-0),
        minus: x.sub(0),
        minusMinus: x.sub(-0),
        sign: x.sign(),
        once: x.mul(1).div(1).neg().neg(),
      }),
      { x: { shape: [2], dtype } },
      { backend },
    );
    const results = Object.entries(await program.run({ x: [-0, 0] })).map(([name, { data }]) => [name, [...data]]);
    expect(Object.fromEntries(results)).toEqual({
      plus: [0, 0],
      turned: [0, 0],
      plusMinus: [-0, 0],
      minus: [-0, 0],
      minusMinus: [0, 0],
      sign: [0, 0],
      once: [-0, 0],
    });
  });
});
