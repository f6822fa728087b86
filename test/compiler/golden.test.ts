import { compile, grad, nn, parameter, scan, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import { printC } from "../../src/backends/native/print.ts";
import { machine as wasmMachine } from "../../src/backends/wasm/index.ts";
import { textOf } from "../../src/backends/wasm/module/text.ts";
import { printProgram } from "../../src/backends/wasm/print/print.ts";
import { compileGraph } from "../../src/compiler/compile.ts";
import { formatGraph, formatProgram } from "../../src/compiler/ir/format.ts";
import type { Machine } from "../../src/compiler/ir/loop.ts";
import { rootsOf } from "../../src/graph/program.ts";

/** A processor with 32-byte vectors, whatever runs this test. */
const machine: Machine = { vectorBytes: 32, registers: 16, mixedWidths: true };

/** Small programs whose every stage a reader can take in. */
const programs = {
  dense: () => {
    const [w, b] = [parameter([3, 8], 0, { name: "weight" }), parameter([8], 0, { name: "bias" })];
    return compile(({ x }) => ({ y: x.matmul(w).add(b).tanh() }), { x: [4, 3] });
  },
  gradient: () => {
    const w = parameter([3, 2], 0, { name: "weight" });
    return compile(({ x, y }) => ({ g: grad(nn.mse(x.matmul(w), y), w) }), { x: [4, 3], y: [4, 2] });
  },
  recurrence: () => {
    const w = parameter([2, 2], 0, { name: "weight" });
    return compile(
      ({ xs }) => {
        const { out } = scan(
          { h: tensor([0, 0]) },
          ({ h }, { x }) => {
            const next = h.matmul(w).add(x).tanh();
            return { carry: { h: next }, out: { h: next } };
          },
          { xs: { x: xs } },
        );
        return { g: grad(out.h.square().sum(), w) };
      },
      { xs: [5, 2] },
    );
  },
};

describe.each(Object.entries(programs))("%s", (name, make) => {
  const { graph } = make();
  const { program } = compileGraph(graph, machine);
  const files = {
    graph: formatGraph(rootsOf(graph)).join("\n"),
    loops: formatProgram(program),
    c: printC(program).join("\n"),
    wat: textOf(printProgram(compileGraph(graph, wasmMachine).program)),
  };
  test.each(Object.entries(files))("%s", async (kind, text) => {
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/${name}.${kind}`);
  });
});
