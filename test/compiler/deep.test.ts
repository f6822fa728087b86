import { compile, grad, type Tensor, tensor } from "pondus";
import { expect, test } from "vitest";
import { compileGraph } from "../../src/compiler/compile.ts";

/** Thousands of expressions in a row: no pass may recurse as deep as they go. */
const depth = 10_000;
const machine = { vectorBytes: 16, registers: 16, mixedWidths: true };

const chains: { readonly [name: string]: (x: Tensor, i: number) => Tensor } = {
  "functions of one number": (x) => x.sin(),
  reductions: (x) => x.sub(x.sum(0)),
  "turned views": (x, i) => (i % 2 ? x.T : x.flip(0)),
  "reshaped views": (x, i) => (i % 2 ? x.reshape([4, 4]) : x.T.reshape([16])),
  "spread views": (x) => x.slice(0, 1).expand([4, 4]),
  "padded views": (x) => x.padAxis(1, 0, 0).slice(0, 4),
  lookups: (x) => x.gather(tensor([1, 0, 3, 2], { dtype: "int32" })),
};

test.each(Object.entries(chains))(`${depth} ${"%s"} in a row, and their gradient`, (_, next) => {
  const { graph } = compile(
    ({ x }) => {
      let y = x;
      for (let i = 0; i < depth; i++) y = next(y, i);
      const loss = y.sum();
      return { loss, g: grad(loss, x) };
    },
    { x: [4, 4] },
  );
  expect(compileGraph(graph, machine).program.steps.length).toBeGreaterThan(0);
});

test("a long chain of views computes what a short one does", async () => {
  for (const backend of ["wasm", "reference"] as const) {
    const program = compile(
      ({ x }) => {
        let y = x;
        for (let i = 0; i < 100; i++) y = i % 2 ? y.T : y.flip(0);
        return { y };
      },
      { x: [4, 4] },
      { backend },
    );
    const { y } = await program.run({ x: Array.from({ length: 16 }, (_, i) => i) });
    // A flip and a transposition are a quarter turn; fifty of them are half a turn.
    expect([...y.data]).toEqual(Array.from({ length: 16 }, (_, i) => 15 - i));
  }
});
