import { compile, type DType, grad, hvp, jvp, type NumberArray, type Shape, type Tensor, vjp } from "pondus";
import { expect } from "vitest";
import { Stream } from "../../../src/graph/random/stream.ts";
import { sizeOf } from "../../../src/graph/shape.ts";

/** A function of float64 tensors, with the shapes of its inputs and the intervals on which it is smooth. */
export interface GradientCase {
  readonly name: string;
  readonly inputs: readonly { readonly shape: Shape; readonly from: number; readonly to: number }[];
  readonly f: (...inputs: Tensor[]) => Tensor;
  /** 1 where numbers pass through float32, which no second difference survives; all samples are then exact in it. */
  readonly order?: 1 | 2;
  /** Only forward derivatives are defined. */
  readonly forwardOnly?: boolean;
}

/** Forward difference step: a power of two, so that moving a short binary fraction is exact. */
const step = 2 ** -17;

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (x, i) => x * b[i]).reduce((s, x) => s + x, 0);
const size = (a: ArrayLike<number>) => Math.max(...Array.from(a, Math.abs), 0);

function expectClose(what: string, got: ArrayLike<number>, wanted: ArrayLike<number>, relative: number): void {
  const allowed = relative * Math.max(size(wanted), 1e-2);
  const wrong = Array.from(got, (x, i) => [i, x, wanted[i]]).filter(([, x, y]) => !(Math.abs(x - y) <= allowed));
  expect(wrong, `${what}: [entry, got, expected]`).toEqual([]);
}

/**
 * Checks every derivative of one function at a random point: forward against central differences, reverse against
 * forward by inner products, and, of the scalar u . sin(f), the Hessian by forward over reverse, reverse over reverse
 * and differences of the gradient, and its symmetry.
 */
export async function checkDerivatives(c: GradientCase, seed: number): Promise<void> {
  const stream = new Stream(seed, "initialize", 3);
  const draw = (n: number, from: number, to: number, grid: number) =>
    Array.from({ length: n }, () => {
      const x = from + (to - from) * stream.uniform();
      return c.order === 1 ? Math.round(x * grid) / grid : x;
    });
  const points = c.inputs.map(({ shape, from, to }) => draw(sizeOf(shape), from, to, 4));
  const [v, w] = [0, 1].map(() => points.map((p) => draw(p.length, -1, 1, 16)));
  const names = (letter: string) => c.inputs.map((_, i) => `${letter}${i}`);
  const typed = (list: readonly string[]) =>
    Object.fromEntries(list.map((name, i) => [name, { shape: c.inputs[i].shape, dtype: "float64" as DType }]));

  let length = 0;
  compile(
    (x) => {
      const y = c.f(...names("x").map((n) => x[n]));
      length = y.size;
      return { y };
    },
    typed(names("x")),
  );
  const u = draw(length, -1, 1, 16);

  const program = compile(
    (given: { readonly [name: string]: Tensor }) => {
      const [x, dv, dw] = ["x", "v", "w"].map((letter) => names(letter).map((n) => given[n]));
      const y = c.f(...x);
      const results: { [name: string]: Tensor } = { y, jvp: jvp(y, x, dv) };
      const add = (letter: string, list: readonly Tensor[]) =>
        list.forEach((t, i) => {
          results[`${letter}${i}`] = t;
        });
      if (c.forwardOnly) return results;
      const weight = given.u.reshape(y.shape);
      add("vjp", vjp(y, weight, x));
      if (c.order === 1) return results;
      const loss = y.sin().mul(weight).sum();
      const g = grad(loss, x);
      add("g", g);
      add("hv", hvp(loss, x, dv));
      add("hw", hvp(loss, x, dw));
      const along = g.map((a, i) => a.mul(dv[i]).sum()).reduce((a, b) => a.add(b));
      add("rr", grad(along, x));
      return results;
    },
    { ...typed(names("x")), ...typed(names("v")), ...typed(names("w")), u: { shape: [length], dtype: "float64" } },
    { backend: "reference" },
  );
  const at = (shift: number) => {
    const moved = points.map((p, i) => p.map((x, k) => x + shift * v[i][k]));
    const given = [
      ...moved.map((x, i) => [`x${i}`, x]),
      ...v.map((x, i) => [`v${i}`, x]),
      ...w.map((x, i) => [`w${i}`, x]),
    ];
    return program.run({ ...Object.fromEntries(given), u });
  };
  const [here, up, down]: { [name: string]: NumberArray }[] = [await at(0), await at(step), await at(-step)];
  const difference = (name: string) => Array.from(up[name].data, (a, i) => (a - down[name].data[i]) / (2 * step));
  const all = (letter: string) => points.flatMap((_, i) => [...here[`${letter}${i}`].data]);

  expectClose("jvp against central differences", here.jvp.data, difference("y"), 1e-6);
  if (c.forwardOnly) return;
  const [forward, reverse] = [dot(u, here.jvp.data), dot(all("vjp"), v.flat())];
  const terms =
    dot(u.map(Math.abs), Array.from(here.jvp.data, Math.abs)) + dot(all("vjp").map(Math.abs), v.flat().map(Math.abs));
  expect(Math.abs(forward - reverse), "vjp against jvp").toBeLessThanOrEqual(1e-12 * terms);
  if (c.order === 1) return;
  const slope = points.flatMap((_, i) => difference(`g${i}`));
  expectClose("Hessian times vector against differences of the gradient", all("hv"), slope, 1e-6);
  expectClose("reverse over reverse against forward over reverse", all("rr"), all("hv"), 1e-11);
  expect(Math.abs(dot(all("hv"), w.flat()) - dot(all("hw"), v.flat())), "symmetric Hessian").toBeLessThanOrEqual(
    1e-11 * (size(all("hv")) + size(all("hw"))) * v.flat().length,
  );
}
