import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { compile, grad, nn, pad, tensor } from "pondus";
import { describe, expect, test } from "vitest";

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

/** Which entry of n stands at place i of a padded row, by the definition of each mode. */
const source = {
  reflect: (i: number, n: number) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i: number, n: number) => Math.min(Math.max(i, 0), n - 1),
  circular: (i: number, n: number) => (i + n) % n,
} as const;

describe("pad", () => {
  test.each(Object.keys(source) as (keyof typeof source)[])(
    "%s is its definition, and so is its gradient",
    async (mode) => {
      const width = fc.nat({ max: 4 });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 6 }), width, width, fc.boolean(), async (n, first, last, across) => {
          const most = { reflect: n - 1, circular: n, replicate: 9 }[mode];
          const [before, after] = [Math.min(first, most), Math.min(last, most)];
          const x = tensor([numbers(n), numbers(n).map((v) => 10 * v)]);
          const row = across
            ? pad(
                x.T,
                [
                  [before, after],
                  [0, 0],
                ],
                { mode },
              ).at(1, 1)
            : pad(x, [[before, after]], { mode }).at(1);
          const r = await compile(() => ({ row, g: grad(row.sum(), x) }), {}, { backend: "reference" }).run();
          const places = Array.from({ length: before + n + after }, (_, i) => source[mode](i - before, n));
          const counts = numbers(n).map((_, k) => places.filter((p) => p === k).length);
          expect([...r.row.data]).toEqual(places.map((k) => 10 * (k + 1)));
          expect([...r.g.data]).toEqual([...new Array(n).fill(0), ...counts]);
        }),
        { seed: 1, numRuns: 40 },
      );
    },
  );

  test("a constant beside infinities and NaN changes nothing of them", async () => {
    const x = tensor([Number.NaN, Number.POSITIVE_INFINITY]);
    const { y } = await compile(() => ({ y: pad(x, [[1, 1]], { value: -3 }) })).run();
    expect([...y.data]).toEqual([-3, Number.NaN, Number.POSITIVE_INFINITY, -3]);
  });

  test("widths and modes that there are not are refused", () => {
    const x = tensor([1, 2, 3]);
    expect(() => pad(x, [[3, 0]], { mode: "reflect" })).toThrow(
      /in mode "reflect" both widths .* from 0 to 2, but 3 and 0/,
    );
    expect(() => pad(x, [[-1, 0]])).toThrow(/whole numbers from 0, but -1 and 0 came/);
    expect(() =>
      pad(x, [
        [0, 0],
        [0, 0],
      ]),
    ).toThrow(/2 pairs came for the 1 axes/);
    expect(() => pad(x, [[0, 0]], { mode: "edge" as never })).toThrow(/mode is one of constant, reflect/);
  });
});

test("a pool's padding of more than half a patch is refused, since a patch could lie in it alone", () => {
  for (const make of [nn.maxPool1d, nn.averagePool1d]) {
    expect(() => make(2, { padding: 2 })).toThrow(
      /half of what a patch reaches over, 1, at most, but it is \[\[2,2\]\]/,
    );
    expect(() => make(3, { padding: [[0, 2]] })).toThrow(expect.objectContaining({ code: "layer.option" }));
  }
});

test("a GRU with the reset gate before the product is ONNX's, and by default it is after", async () => {
  const c = JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/gru_onnx.json"), "utf8"));
  const float64 = (x: number[]) => tensor(x, { dtype: "float64" });
  for (const reset of ["before", "after"] as const) {
    const layer = nn.gru(2, 3, { reset, dtype: "float64" });
    const weights = nn.weightsOf(layer);
    for (const role of ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]) weights[`${role}_l0`].write(c[role].flat());
    const { output } = layer.run(float64(c.x), { state: { h: float64(c.h0) } });
    const { y } = await compile(() => ({ y: output })).run();
    const wanted = c.out[reset].flat(2) as number[];
    expect(y.data).toHaveLength(wanted.length);
    wanted.forEach((w, i) => void expect(Math.abs(y.data[i] - w)).toBeLessThan(1e-14));
  }
  expect(() => nn.gru(2, 3, { reset: "never" as never })).toThrow(/reset is "after" or "before"/);
});
