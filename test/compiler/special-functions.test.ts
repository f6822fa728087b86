import { readFileSync } from "node:fs";
import * as pondus from "pondus";
import {
  arange,
  type BackendName,
  compile,
  type DType,
  grad,
  hvp,
  jvp,
  type NumberArray,
  type Tensor,
  tensor,
} from "pondus";
import { describe, expect, test } from "vitest";
import { arcsineSeries } from "../../src/compiler/math/arcsine.ts";
import { arctangentSeries } from "../../src/compiler/math/arctangent.ts";
import { cubeRootSeries } from "../../src/compiler/math/cube-root.ts";
import { erfinvPieces } from "../../src/compiler/math/erfinv.ts";
import { sinhSeries } from "../../src/compiler/math/hyperbolic.ts";
import { lgammaFar, lgammaNear } from "../../src/compiler/math/lgamma.ts";
import { digammaFar, digammaNear, digammaRoot } from "../../src/compiler/math/polygamma.ts";
import { onEveryBackend } from "../support/every-backend.ts";
import { ulp, ulpError } from "../support/ulp.ts";

type Float = "float32" | "float64";
type Written = number | string;

/** PONDUS_SPECIAL may name a denser grid, which the same script makes. */
const source = process.env.PONDUS_SPECIAL ?? new URL("../fixtures/special_functions.json", import.meta.url);
const fixture: { functions: { [name: string]: { x: Written[]; z?: Written[]; y: Written[] } } } = JSON.parse(
  readFileSync(source, "utf8"),
);

interface Checked {
  readonly f: (x: Tensor, z: Tensor) => Tensor;
  /** Units in the last place, 2 unless said. */
  readonly bound?: number;
  /** Of the reference, where it has another: it is written plainly. */
  readonly ofReference?: number;
  /** The number in whose last place the error is counted, where it is not the result. */
  readonly scale?: (x: number, y: number) => number;
}

/** What goes into the reflection of a negative argument. */
const ofNegative = (factor: (size: number) => number) => (x: number, y: number) =>
  Math.max(Math.abs(y), factor(Math.abs(x)) * Math.log(3 + Math.abs(x)));

const checked: { readonly [name: string]: Checked } = {
  tan: { f: (x) => x.tan() },
  asin: { f: (x) => x.asin() },
  acos: { f: (x) => x.acos() },
  atan: { f: (x) => x.atan() },
  sinh: { f: (x) => x.sinh() },
  cosh: { f: (x) => x.cosh() },
  asinh: { f: (x) => x.asinh() },
  acosh: { f: (x) => x.acosh() },
  atanh: { f: (x) => x.atanh() },
  log2: { f: (x) => x.log2() },
  log10: { f: (x) => x.log10() },
  exp2: { f: (x) => x.exp2() },
  cbrt: { f: (x) => x.cbrt() },
  round: { f: (x) => x.round(), bound: 0 },
  erfinv: { f: (x) => x.erfinv(), ofReference: 10 },
  lgamma: { f: (x) => x.lgamma(), ofReference: 6 },
  lgammaOfNegative: { f: (x) => x.lgamma(), bound: 4, scale: ofNegative((size) => size) },
  digamma: { f: (x) => x.digamma(), ofReference: 8, scale: (x, y) => (Math.abs(x - 1.46) < 0.1 ? 1 : y) },
  digammaOfNegative: { f: (x) => x.digamma(), bound: 5, scale: ofNegative(() => 1) },
  trigamma: { f: (x) => x.polygamma(1), bound: 3 },
  tetragamma: { f: (x) => x.polygamma(2), bound: 4 },
  pentagamma: { f: (x) => x.polygamma(3), bound: 5 },
  sinc: { f: (x) => x.sinc(), bound: 3 },
  atan2: { f: (x, z) => x.atan2(z) },
  hypot: { f: (x, z) => x.hypot(z) },
  logaddexp: { f: (x, z) => x.logaddexp(z) },
  xlogy: { f: (x, z) => x.xlogy(z) },
};

async function evaluate(
  backend: BackendName,
  dtype: Float,
  xs: number[],
  f: (x: Tensor, z: Tensor) => { [name: string]: Tensor },
  zs = xs,
): Promise<{ [name: string]: NumberArray }> {
  const type = { shape: [xs.length], dtype };
  return compile(({ x, z }) => f(x, z), { x: type, z: type }, { backend }).run({ x: xs, z: zs });
}

onEveryBackend((backend) => {
  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    const round = (v: number) => (dtype === "float32" ? Math.fround(v) : v);

    test.for(Object.entries(checked))(
      "%s",
      async ([name, { f, bound = 2, ofReference = bound, scale }], { annotate }) => {
        const { x, z = x, y } = fixture.functions[name];
        const all = x.map((v, i) => ({ x: Number(v), z: Number(z[i]), y: round(Number(y[i])) }));
        const points = all.filter((p) => Object.is(round(p.x), p.x) && Object.is(round(p.z), p.z));
        expect(points.length).toBeGreaterThan(20);
        const { y: made } = await evaluate(
          backend,
          dtype,
          points.map((p) => p.x),
          (a, b) => ({ y: f(a, b) }),
          points.map((p) => p.z),
        );
        const got = [...made.data];
        const errors = points.map((p, i) => {
          const error = ulpError(got[i], p.y, dtype);
          return scale && error > 0 && Number.isFinite(error)
            ? (error * ulp(p.y, dtype)) / ulp(round(scale(p.x, p.y)), dtype)
            : error;
        });
        const worst = errors.indexOf(Math.max(...errors));
        const p = points[worst];
        const said = `${name}(${p.x}${z === x ? "" : `, ${p.z}`}) = ${got[worst]}, truth ${p.y}: ${errors[worst].toFixed(2)} ulp`;
        await annotate(said, "largest error");
        expect(errors[worst], said).toBeLessThanOrEqual(backend === "reference" ? ofReference : bound);
      },
    );

    test("zeros keep their sign, ends are infinite, NaN stays NaN", async () => {
      const got = await evaluate(backend, dtype, [0, -0, Infinity, -Infinity, NaN], (x) =>
        Object.fromEntries(Object.keys(ends).map((name) => [name, methods[name](x)])),
      );
      const wrong = Object.entries(ends).flatMap(([name, wanted]) => {
        const values = [...got[name].data];
        return [...wanted, NaN].every((w, i) => Object.is(values[i], round(w))) ? [] : [`${name}: ${values.map(show)}`];
      });
      expect(wrong).toEqual([]);
    });

    test("whole powers of the base have whole logarithms, and the reverse", async () => {
      const powers = Array.from({ length: 120 }, (_, i) => i - 60);
      const got = await evaluate(backend, dtype, powers, (x) => ({ two: x.exp2(), back: x.exp2().log2() }));
      expect([...got.two.data]).toEqual(powers.map((k) => 2 ** k));
      expect([...got.back.data]).toEqual(powers);
      const tens = Array.from({ length: dtype === "float64" ? 23 : 11 }, (_, i) => 10 ** i);
      const { log } = await evaluate(backend, dtype, tens, (x) => ({ log: x.log10() }));
      expect([...log.data]).toEqual(tens.map((_, i) => i));
    });

    test("signs and infinities of copySign, ceil, trunc and nanToNum", async () => {
      const most = dtype === "float32" ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE;
      const got = await evaluate(backend, dtype, [1.5, -1.5, -0.5, -0, NaN, Infinity, -Infinity], (x) => ({
        ceil: x.ceil(),
        trunc: x.trunc(),
        sign: x.copySign(-0),
        from: tensor(2, { dtype }).copySign(x),
        clean: x.nanToNum(),
        other: x.nanToNum({ nan: 7, posinf: 8, neginf: 9 }),
        isNaN: x.isNaN(),
        isInf: x.isInf(),
        isFinite: x.isFinite(),
        zero: x.isNaN().where(x, 1).lgamma(),
      }));
      expect(Object.fromEntries(Object.entries(got).map(([name, { data }]) => [name, [...data]]))).toEqual({
        ceil: [2, -1, -0, -0, NaN, Infinity, -Infinity],
        trunc: [1, -1, -0, -0, NaN, Infinity, -Infinity],
        sign: [-1.5, -1.5, -0.5, -0, NaN, -Infinity, -Infinity],
        from: [2, -2, -2, -2, 2, 2, -2],
        clean: [1.5, -1.5, -0.5, -0, 0, most, -most],
        other: [1.5, -1.5, -0.5, -0, 7, 8, 9],
        isNaN: [0, 0, 0, 0, 1, 0, 0],
        isInf: [0, 0, 0, 0, 0, 1, 1],
        isFinite: [1, 1, 1, 1, 0, 0, 0],
        zero: [0, 0, 0, 0, NaN, 0, 0],
      });
    });
  });
});

/** What functions of 0, -0, infinity and minus infinity are, as C and NumPy have it. */
const ends: { readonly [name: string]: readonly [number, number, number, number] } = {
  tan: [0, -0, NaN, NaN],
  asin: [0, -0, NaN, NaN],
  acos: [Math.PI / 2, Math.PI / 2, NaN, NaN],
  atan: [0, -0, Math.PI / 2, -Math.PI / 2],
  sinh: [0, -0, Infinity, -Infinity],
  cosh: [1, 1, Infinity, Infinity],
  asinh: [0, -0, Infinity, -Infinity],
  acosh: [NaN, NaN, Infinity, NaN],
  atanh: [0, -0, NaN, NaN],
  log2: [-Infinity, -Infinity, Infinity, NaN],
  log10: [-Infinity, -Infinity, Infinity, NaN],
  exp2: [1, 1, Infinity, 0],
  cbrt: [0, -0, Infinity, -Infinity],
  round: [0, -0, Infinity, -Infinity],
  floor: [0, -0, Infinity, -Infinity],
  ceil: [0, -0, Infinity, -Infinity],
  trunc: [0, -0, Infinity, -Infinity],
  erfinv: [0, -0, NaN, NaN],
  lgamma: [Infinity, Infinity, Infinity, Infinity],
  digamma: [-Infinity, Infinity, Infinity, NaN],
  sinc: [1, 1, NaN, NaN],
  reciprocal: [Infinity, -Infinity, 0, -0],
  rsqrt: [Infinity, -Infinity, 0, NaN],
};

const methods = Object.fromEntries(
  Object.keys(ends).map((name) => [name, (x: Tensor) => (x[name as keyof Tensor] as () => Tensor).call(x)]),
);

const show = (x: number) => (Object.is(x, -0) ? "-0" : String(x));

test("the coefficients are those of the script", () => {
  const { arctangent, arcsine, sinh, cbrt, digamma, lgamma, erfinv } = JSON.parse(
    readFileSync(new URL("../fixtures/special_coefficients.json", import.meta.url), "utf8"),
  );
  expect(arctangentSeries).toEqual(arctangent.coefficients);
  expect(arcsineSeries).toEqual(arcsine.coefficients);
  expect(sinhSeries).toEqual(sinh.coefficients);
  expect(cubeRootSeries).toEqual(cbrt.coefficients);
  expect([digammaNear, digammaFar, digammaRoot]).toEqual([
    digamma.near.coefficients,
    digamma.far.coefficients,
    digamma.root,
  ]);
  expect([lgammaNear, lgammaFar]).toEqual([lgamma.near.coefficients, lgamma.far.coefficients]);
  expect(erfinvPieces).toEqual(
    (erfinv as { middle: number; coefficients: number[] }[]).map(({ middle, coefficients }) => ({
      middle,
      coefficients,
    })),
  );
});

describe("derivatives", () => {
  const slopes = (xs: number[], f: (x: Tensor) => Tensor) =>
    run("float64", xs, (x) => {
      const loss = f(x).sum();
      const one = x.mul(0).add(1);
      return { reverse: grad(loss, x), forward: jvp(f(x), x, one), second: hvp(loss, x, one) };
    });

  test("hypot of large and of small numbers, and at 0", async () => {
    const { reverse, forward, second } = await slopes([1e200, -1e-200, 0, 3], (x) => x.hypot(x.stopGradient()));
    for (const got of [reverse, forward]) close(got, [Math.SQRT1_2, -Math.SQRT1_2, 0, Math.SQRT1_2]);
    close(second, [1 / (2 * Math.SQRT2 * 1e200), 1e200 / (2 * Math.SQRT2), 0, 1 / (2 * Math.SQRT2 * 3)]);
  });

  test("of inverse functions of large arguments", async () => {
    close((await slopes([1e200, 1e30], (x) => x.asinh())).reverse, [1e-200, 1e-30]);
    close((await slopes([1e200, 1e30], (x) => x.acosh())).reverse, [1e-200, 1e-30]);
    close((await slopes([1e200, -1e200], (x) => x.atan2(1e200))).reverse, [0.5e-200, 0.5e-200]);
  });

  test("atan2 at the origin, and second derivatives of inverse functions near 0 and near 1", async () => {
    const { reverse, second } = await slopes([0, -0], (x) => x.atan2(x.stopGradient()));
    close([...reverse, ...second], [0, 0, 0, 0]);
    close((await slopes([1e-10, 1 - 2 ** -40], (x) => x.asin())).second, [1e-10, 2 ** 58.5 * (1 - 0.25 * 2 ** -40)]);
    close((await slopes([1e-10], (x) => x.atanh())).second, [2e-10]);
  });

  test("logaddexp of equal numbers, of infinities, and far apart", async () => {
    const { reverse, second } = await slopes([0, -1e4, 1e4, -Infinity], (x) => x.logaddexp(0));
    close(reverse, [0.5, 0, 1, 0]);
    close(second.slice(0, 3), [0.25, 0, 0]);
  });

  test("xlogy at 0, and sinc at 0 to the second order", async () => {
    close((await slopes([0, 2], (x) => x.xlogy(3))).reverse, [Math.log(3), Math.log(3)]);
    close((await slopes([0, 0], (x) => x.xlogy(0))).reverse, [0, 0]);
    const { reverse, second } = await slopes([0, 1], (x) => x.sinc());
    close(reverse, [0, -1]);
    close(second, [-(Math.PI ** 2) / 3, 2]);
  });

  test("of rounding is 0", async () => {
    for (const f of [(x: Tensor) => x.round(), (x: Tensor) => x.ceil(), (x: Tensor) => x.trunc()]) {
      close((await slopes([0.3, -2.5, 7], f)).reverse, [0, 0, 0]);
    }
  });

  function close(got: readonly number[], wanted: readonly number[]): void {
    const wrong = wanted.flatMap((w, i) => (Math.abs(got[i] - w) <= 1e-12 * Math.abs(w) ? [] : [[i, got[i], w]]));
    expect(wrong, "[entry, got, expected]").toEqual([]);
  }
});

describe("whole numbers and bools", () => {
  test("quotients, means and functions with fractions are float32; sums and powers stay whole", async () => {
    const x = tensor([1, 2, 4], { dtype: "int32" });
    const b = x.gt(1);
    const made = {
      div: x.div(2),
      each: x.div(arange(3).add(1)),
      mean: x.mean(),
      variance: x.variance(),
      sqrt: x.sqrt(),
      half: x.pow(0.5),
      atan2: x.atan2(x),
      share: b.mean(),
      rate: b.div(x.gt(0)),
      count: b.sum(),
      total: x.sum(),
      square: x.pow(2),
      tenth: x.pow(10),
      none: x.pow(0),
      rounded: x.round(),
      floor: x.floor(),
      isNaN: x.isNaN(),
      isFinite: x.isFinite(),
    };
    const types = Object.fromEntries(Object.entries(made).map(([name, t]) => [name, t.dtype]));
    const floats = ["div", "each", "mean", "variance", "sqrt", "half", "atan2", "share", "rate"];
    expect(types).toEqual(
      Object.fromEntries(
        Object.keys(made).map((name) => [
          name,
          floats.includes(name) ? "float32" : name.startsWith("is") ? "bool" : "int32",
        ]),
      ),
    );
    const got = await compile(() => made, {}, { backend: "reference" }).run();
    const values = (name: keyof typeof made) => [...got[name].data];
    expect(values("div")).toEqual([0.5, 1, 2]);
    expect(values("each")).toEqual([1, 1, Math.fround(4 / 3)]);
    expect(values("mean")[0]).toBeCloseTo(7 / 3, 6);
    expect(values("share")).toEqual([Math.fround(2 / 3)]);
    expect(values("rate")).toEqual([0, 1, 1]);
    expect(values("count")).toEqual([2]);
    expect(values("total")).toEqual([7]);
    expect(values("tenth")).toEqual([1, 1024, 2 ** 20]);
    expect(values("none")).toEqual([1, 1, 1]);
    expect(values("isFinite")).toEqual([1, 1, 1]);
  });

  test("types are not mixed, nor a fraction put into an int32", () => {
    const [x, y] = [arange(3), arange(3, "float32")];
    for (const mix of [
      () => x.mul(y),
      () => y.mul(x),
      () => x.div(y),
      () => y.div(x),
      () => x.atan2(y),
      () => x.mul(0.5),
    ]) {
      expect(mix).toThrow(/dtype|types|float|int32/);
    }
  });
});

test("every function of a tensor is there as a function too", () => {
  const x = tensor(0.5);
  for (const name of [...Object.keys(methods), "nanToNum"]) {
    const free = (pondus as unknown as { [name: string]: (x: Tensor) => Tensor })[name];
    expect(free(x).node, name).toBe((x[name as keyof Tensor] as () => Tensor).call(x).node);
  }
  for (const name of ["atan2", "hypot", "logaddexp", "xlogy", "xlog1py", "copySign"]) {
    const free = (pondus as unknown as { [name: string]: (x: Tensor, y: number) => Tensor })[name];
    expect(free(x, 3).node, name).toBe((x[name as keyof Tensor] as (y: number) => Tensor).call(x, 3).node);
  }
  expect(pondus.polygamma(2, x).node).toBe(x.polygamma(2).node);
  expect(() => x.polygamma(0.5)).toThrow(/order must be a whole number/);
});

async function run(dtype: DType, xs: number[], f: (x: Tensor) => { [name: string]: Tensor }) {
  const got = await evaluate("reference", dtype as Float, xs, f);
  return Object.fromEntries(Object.entries(got).map(([name, { data }]) => [name, [...data]])) as {
    [name: string]: number[];
  };
}
