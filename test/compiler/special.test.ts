import { readFileSync } from "node:fs";
import { compile, Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { make } from "../../src/graph/make.ts";
import type { OpName } from "../../src/graph/node.ts";
import { Stream } from "../../src/graph/random/stream.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { ulpError } from "../support/ulp.ts";

type Float = "float32" | "float64";

const fixture: { functions: { [name: string]: { x: number[]; y: (number | string)[] } } } = JSON.parse(
  readFileSync(new URL("../fixtures/special.json", import.meta.url), "utf8"),
);

const functions = ["exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid", "softplus", "erf", "erfc"] as const;
type Function = (typeof functions)[number];

/** Largest error allowed, in units of the last place. */
const bound = 3;

async function evaluate(backend: Parameters<typeof compile>[2], op: OpName, dtype: Float, xs: readonly number[][]) {
  const shape = [xs[0].length];
  const program = compile(
    ({ a, b }) => ({ y: new Tensor(make(op, xs.length === 1 ? [a.node] : [a.node, b.node], {} as never)) }),
    { a: { shape, dtype }, b: { shape, dtype } },
    backend,
  );
  return [...(await program.run({ a: xs[0], b: xs[1] ?? xs[0] })).y.data];
}

/** In float64 the fixture's own values; in float32 the float64 reference, at rounded arguments and many more, rounded. */
async function truth(op: Function, dtype: Float): Promise<{ x: number[]; y: number[] }> {
  const { x, y } = fixture.functions[op];
  if (dtype === "float64") return { x, y: y.map(Number) };
  const stream = new Stream(8, "initialize");
  const more = Array.from({ length: 600 }, (_, i) => {
    const size = i < 500 ? 10 ** (8 * stream.uniform() - 6) : 1e4 * stream.uniform();
    return i % 2 === 0 ? size : -size;
  });
  const near = [...new Set([...x, ...more].map(Math.fround))];
  return { x: near, y: (await evaluate({ backend: "reference" }, op, "float64", [near])).map(Math.fround) };
}

/** Arguments and results where IEEE arithmetic has something to say. */
const edges: { readonly [K in Function | "sqrt" | "normalCdf"]: readonly (readonly [number, number])[] } = {
  exp: [
    [Infinity, Infinity],
    [-Infinity, 0],
    [0, 1],
    [-0, 1],
    [1e5, Infinity],
    [-1e5, 0],
  ],
  expm1: [
    [Infinity, Infinity],
    [-Infinity, -1],
    [0, 0],
    [-0, -0],
    [1e5, Infinity],
    [-1e5, -1],
  ],
  log: [
    [Infinity, Infinity],
    [0, -Infinity],
    [-0, -Infinity],
    [-1, NaN],
    [-Infinity, NaN],
    [1, 0],
  ],
  log1p: [
    [Infinity, Infinity],
    [-1, -Infinity],
    [-1.5, NaN],
    [-Infinity, NaN],
    [0, 0],
    [-0, -0],
  ],
  sin: [
    [Infinity, NaN],
    [-Infinity, NaN],
    [0, 0],
    [-0, -0],
  ],
  cos: [
    [Infinity, NaN],
    [-Infinity, NaN],
    [0, 1],
    [-0, 1],
  ],
  tanh: [
    [Infinity, 1],
    [-Infinity, -1],
    [0, 0],
    [-0, -0],
    [1e5, 1],
    [-1e5, -1],
  ],
  sigmoid: [
    [Infinity, 1],
    [-Infinity, 0],
    [0, 0.5],
    [1e5, 1],
    [-1e5, 0],
  ],
  softplus: [
    [Infinity, Infinity],
    [-Infinity, 0],
    [1e5, 1e5],
    [-1e5, 0],
  ],
  erf: [
    [Infinity, 1],
    [-Infinity, -1],
    [0, 0],
    [-0, -0],
    [1e5, 1],
    [-1e5, -1],
  ],
  erfc: [
    [Infinity, 0],
    [-Infinity, 2],
    [0, 1],
    [-0, 1],
    [1e5, 0],
    [-1e5, 2],
  ],
  normalCdf: [
    [Infinity, 1],
    [-Infinity, 0],
    [0, 0.5],
    [1e5, 1],
    [-1e5, 0],
  ],
  sqrt: [
    [Infinity, Infinity],
    [-1, NaN],
    [-Infinity, NaN],
    [0, 0],
    [-0, -0],
    [4, 2],
  ],
};

/** IEEE 754 (2008), 9.2.1. */
const powers: readonly (readonly [number, number, number])[] = [
  [NaN, 0, 1],
  [Infinity, 0, 1],
  [1, NaN, 1],
  [1, Infinity, 1],
  [-1, Infinity, 1],
  [-1, -Infinity, 1],
  [2, NaN, NaN],
  [NaN, 2, NaN],
  [0, -1, Infinity],
  [-0, -1, -Infinity],
  [-0, -2, Infinity],
  [0, 2, 0],
  [-0, 3, -0],
  [0, Infinity, 0],
  [0, -Infinity, Infinity],
  [2, Infinity, Infinity],
  [2, -Infinity, 0],
  [0.5, Infinity, 0],
  [0.5, -Infinity, Infinity],
  [Infinity, 2, Infinity],
  [Infinity, -1, 0],
  [-Infinity, 3, -Infinity],
  [-Infinity, 2, Infinity],
  [-Infinity, -3, -0],
  [-2, 3, -8],
  [-2, 2, 4],
  [-2, 0.5, NaN],
  [-8, 1 / 3, NaN],
  [10, 1000, Infinity],
  [10, -1000, 0],
  [-10, 1001, -Infinity],
];

onEveryBackend((backend) => {
  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    test.for(functions)("%s", async (op, { annotate }) => {
      const { x, y } = await truth(op, dtype);
      const got = await evaluate({ backend }, op, dtype, [x]);
      const errors = got.map((g, i) => ulpError(g, y[i], dtype));
      const worst = errors.indexOf(Math.max(...errors));
      const said = `${op}(${x[worst]}) = ${got[worst]}, truth ${y[worst]}: ${errors[worst].toFixed(2)} ulp`;
      await annotate(said, "largest error");
      expect(errors[worst], said).toBeLessThanOrEqual(bound);
    });

    test("pow", async ({ annotate }) => {
      const bases = [0.001, 0.3, 0.9, 0.999, 1.001, 1.5, 2, 10, 123.456, 3000];
      const exponents = [-9.5, -3, -1, -0.5, -0.1, 0.1, 1 / 3, 0.5, 1, 1.5, 2, 3.7, 10];
      const [a, b] = [
        bases.flatMap((x) => exponents.map(() => Math.fround(x))),
        bases.flatMap(() => exponents.map(Math.fround)),
      ];
      const exact = a.map((x, i) => x ** b[i]);
      const y = dtype === "float32" ? exact.map(Math.fround) : exact;
      const got = await evaluate({ backend }, "pow", dtype, [a, b]);
      const errors = got.map((g, i) => ulpError(g, y[i], dtype));
      const worst = errors.indexOf(Math.max(...errors));
      const error = ulpError(got[worst], y[worst], dtype);
      const said = `${a[worst]} ^ ${b[worst]} = ${got[worst]}, truth ${y[worst]}: ${error.toFixed(2)} ulp`;
      await annotate(said, "largest error");
      expect(errors[worst], said).toBeLessThanOrEqual(bound);
    });

    test("NaN, infinities and zeros of functions of one number", async () => {
      const wrong: string[] = [];
      for (const [op, list] of Object.entries(edges)) {
        const all = [...list, [NaN, NaN] as const];
        const got = await evaluate({ backend }, op as OpName, dtype, [all.map(([x]) => x)]);
        all.forEach(([x, y], i) => {
          if (!Object.is(got[i], y)) wrong.push(`${op}(${show(x)}) is ${show(got[i])}, not ${show(y)}`);
        });
      }
      expect(wrong).toEqual([]);
    });

    test.for([0, 1, -2.5, Infinity, -Infinity])("the larger and the smaller of a number and %d", async (known) => {
      const some = [NaN, Infinity, -Infinity, 0, -0, 1, -1, -2.5, 1e-40, -1e-40, 3, 1e30].map((x) =>
        dtype === "float32" ? Math.fround(x) : x,
      );
      const x = [...some, ...some, ...some];
      const program = compile(
        ({ x }) => ({ above: x.maximum(known), below: x.minimum(known), turned: tensor(known, { dtype }).maximum(x) }),
        { x: { shape: [x.length], dtype } },
        { backend },
      );
      const { above, below, turned } = await program.run({ x });
      expect([...above.data]).toEqual(x.map((v) => Math.max(v, known)));
      // Of two zeros either may be the smaller, or the larger where the known one stands first.
      const bare = (list: ArrayLike<number>) => Array.from(list, (v) => v + 0);
      expect(bare(below.data)).toEqual(bare(x.map((v) => Math.min(v, known))));
      expect(bare(turned.data)).toEqual(bare(x.map((v) => Math.max(v, known))));
    });

    test("NaN, infinities and zeros of pow", async () => {
      const got = await evaluate({ backend }, "pow", dtype, [powers.map(([a]) => a), powers.map(([, b]) => b)]);
      const wrong = powers.flatMap(([a, b, y], i) =>
        Object.is(got[i], y) || (y !== 0 && ulpError(got[i], y, dtype) <= bound)
          ? []
          : [`${show(a)} ^ ${show(b)} is ${show(got[i])}, not ${show(y)}`],
      );
      expect(wrong).toEqual([]);
    });
  });
});

const show = (x: number) => (Object.is(x, -0) ? "-0" : String(x));
