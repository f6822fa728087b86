import { readFileSync } from "node:fs";
import { compile, grad, Tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { make } from "../../src/graph/make.ts";
import type { OpName } from "../../src/graph/node.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { ulp } from "../support/ulp.ts";

type Float = "float32" | "float64";
interface Grid {
  readonly x: readonly number[];
  readonly exponent?: readonly number[];
  readonly y: readonly (number | string)[];
  /** What y lacks, in hundredths of a unit of its last place. */
  readonly rest: readonly number[];
}

const fixture: {
  readonly functions: { readonly [D in Float]: { readonly [name: string]: Grid } };
  readonly pow: { readonly [D in Float]: Grid };
} = JSON.parse(readFileSync(new URL("../fixtures/elementwise_grid.json", import.meta.url), "utf8"));

/** Largest error allowed, in units of the last place. */
const bound = 2;

/** A quotient and a product stand behind each other. */
const exceptions: { readonly [name: string]: number } = { erfc: 3, normalCdf: 3 };

/** The reference asks JavaScript for `pow`, and finds the tails of the error function by a continued fraction as it stands in a book. */
const byHand: { readonly [name: string]: number } = { pow: 1000, erfc: 4, normalCdf: 4 };
const allowed = (backend: string, name: string) => (backend === "reference" ? byHand[name] : exceptions[name]) ?? bound;

/** Functions whose derivatives are on the grid as well. */
const slopes = [
  ["exp", "exp"],
  ["expm1", "exp"],
  ["softplus", "sigmoid"],
  ["sin", "cos"],
] as const;

/** In units of the last place; 0 for the same infinity. */
function errorOf(got: number, { y, rest }: Grid, i: number, dtype: Float): number {
  const truth = Number(y[i]);
  if (!Number.isFinite(truth)) return got === truth ? 0 : Infinity;
  const error = Math.abs((got - truth) / ulp(truth, dtype) - rest[i] / 100);
  return Number.isNaN(error) ? Infinity : error;
}

onEveryBackend((backend) => {
  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    const all = { ...fixture.functions[dtype], pow: fixture.pow[dtype] };
    test.for(Object.entries(all))("%s, within 2 ulp from subnormal to huge", async ([name, grid], { annotate }) => {
      const of = { shape: [grid.x.length], dtype };
      const program = compile(
        ({ a, b }) => {
          const inputs = grid.exponent ? [a.node, b.node] : [a.node];
          return { y: new Tensor(make(name as OpName, inputs, {} as never)) };
        },
        { a: of, b: of },
        { backend },
      );
      const { y } = await program.run({ a: grid.x, b: grid.exponent ?? grid.x });
      const errors = Array.from(y.data, (got, i) => errorOf(got, grid, i, dtype));
      const worst = errors.indexOf(Math.max(...errors));
      const at = grid.exponent ? `${grid.x[worst]}, ${grid.exponent[worst]}` : `${grid.x[worst]}`;
      const said = `${name}(${at}) = ${y.data[worst]}, truth ${grid.y[worst]}: ${errors[worst].toFixed(2)} ulp`;
      await annotate(said, "largest error");
      expect(errors[worst], said).toBeLessThanOrEqual(allowed(backend, name));
    });

    test.for([...slopes])("the slope of %s is %s, in its tails too", async ([name, slope]) => {
      const grid = fixture.functions[dtype][slope];
      const program = compile(
        ({ a }) => ({ y: grad(new Tensor(make(name, [a.node], {} as never)).sum(), a) }),
        { a: { shape: [grid.x.length], dtype } },
        { backend },
      );
      const { data } = (await program.run({ a: grid.x })).y;
      const wrong = grid.x.flatMap((x, i) => (errorOf(data[i], grid, i, dtype) <= bound ? [] : [`${x}: ${data[i]}`]));
      expect(wrong).toEqual([]);
    });

    test("pow is exact where the result is a float", async () => {
      const { x, exponent = [], y, rest } = fixture.pow[dtype];
      const of = { shape: [x.length], dtype };
      const program = compile(({ a, b }) => ({ y: a.pow(b) }), { a: of, b: of }, { backend });
      const { data } = (await program.run({ a: x, b: exponent })).y;
      const whole = x
        .map((_, i) => i)
        .filter((i) => rest[i] === 0 && Number.isInteger(exponent[i]) && Math.abs(x[i]) <= 13);
      expect(whole.length).toBeGreaterThan(100);
      expect(whole.map((i) => data[i])).toEqual(whole.map((i) => Number(y[i])));
    });
  });
});
