import { readFileSync } from "node:fs";
import { compile, grad, hvp, jvp, type Tensor, tensor, vmap } from "pondus";
import { describe, expect, test } from "vitest";
import { difference } from "../../support/agreement.ts";
import { onEveryBackend } from "../../support/every-backend.ts";
import { functions } from "./jax-functions.ts";

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

/** What jax.vmap gives of the same functions (test/fixtures/vmap.py). */
const fixture: {
  readonly X: Numbers;
  readonly W: Numbers;
  readonly WS: Numbers;
  readonly results: { readonly [name: string]: { readonly [what: string]: Numbers } };
} = JSON.parse(readFileSync(new URL("../../fixtures/vmap.json", import.meta.url), "utf8"));

const array = ({ shape, data }: Numbers) => tensor(data, { shape, dtype: "float64" });

type F = (x: Tensor, w: Tensor) => Tensor;

/** The sum of the results, weighted so that none is like another. */
const total =
  (f: F): F =>
  (x, w) => {
    const y = f(x, w);
    const weights = Array.from({ length: y.size }, (_, i) => Math.cos(i));
    return y.mul(tensor(weights, { shape: y.shape, dtype: "float64" })).sum();
  };

const each = { in: [0, null] };

/** What is asked of a function: of all samples at once, in the ways in which a user writes it. */
function asked(f: F): { readonly [what: string]: Tensor } {
  const [x, w, ws] = [array(fixture.X), array(fixture.W), array(fixture.WS)];
  const t = total(f);
  const along = (y: Tensor) => y.cos();
  const all = vmap(t, each)(x, w).sum();
  return {
    value: vmap(f, each)(x, w),
    "samples last": vmap(f, { ...each, out: -1 })(x, w),
    nested: vmap((x: Tensor, ws: Tensor) => vmap(f, { in: [null, 1] })(x, ws), { ...each, out: -1 })(x, ws),
    "gradient of each": vmap((x: Tensor, w: Tensor) => grad(t(x, w), x), each)(x, w),
    "gradient of what is shared, of each": vmap((x: Tensor) => grad(t(x, w), w), { out: -1 })(x),
    "Hessian of each, times a vector": vmap((x: Tensor) => hvp(t(x, w), x, along(x)))(x),
    "tangent of each": vmap((x: Tensor) => jvp(f(x, w), x, along(x)))(x),
    "gradient of all": grad(all, x),
    "gradient of all, of what is shared": grad(all, w),
    "nested gradient": vmap(
      (x: Tensor, ws: Tensor) => vmap((x: Tensor, w: Tensor) => grad(t(x, w), x), { in: [null, 1] })(x, ws),
      each,
    )(x, ws),
  };
}

/** Of machine code, which takes long to make, what users ask for most. */
const most = ["nested", "gradient of each", "gradient of all, of what is shared"];

describe("vmap computes what jax.vmap does", () => {
  test("of the same functions", () => {
    expect(Object.keys(functions)).toEqual(Object.keys(fixture.results));
  });

  onEveryBackend((backend) => {
    test("values, gradients, tangents and second derivatives", async () => {
      const wanted = new Map<string, Numbers>();
      const program = compile(
        () => {
          const outputs: { [name: string]: Tensor } = {};
          for (const [name, f] of Object.entries(functions)) {
            for (const [what, y] of Object.entries(asked(f))) {
              if (backend !== "reference" && !most.includes(what)) continue;
              outputs[`${name}: ${what}`] = y;
              wanted.set(`${name}: ${what}`, fixture.results[name][what]);
            }
          }
          return outputs;
        },
        {},
        { backend },
      );
      const results = await program.run();
      const wrong = [...wanted].flatMap(([name, { shape, data }]) => {
        if (`${results[name].shape}` !== `${shape}`) return `${name}: [${results[name].shape}] instead of [${shape}]`;
        const why = difference(results[name], Float64Array.from(data), 1e-11);
        return why ? `${name}: ${why}` : [];
      });
      expect(wrong).toEqual([]);
    });
  });
});
