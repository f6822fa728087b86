import { readFileSync } from "node:fs";
import { join } from "node:path";
import { printC } from "../../../src/backends/native/print.ts";
import { textOf } from "../../../src/backends/wasm/module/text.ts";
import { printProgram } from "../../../src/backends/wasm/print/print.ts";
import { compileGraph } from "../../../src/compiler/compile.ts";
import { format } from "../../../src/compiler/dump.ts";
import type { Machine } from "../../../src/compiler/ir/loop.ts";
import { type Example, examples } from "./examples.ts";
import { shorten } from "./shorten.ts";

/** The passes that a page shows: the names in its markers, `<!-- pass: fuse -->` before an example and `<!-- end -->` after. */
export function passesOn(page: string): string[] {
  return [...page.matchAll(marked)].map(([, pass]) => pass);
}

const marked = /<!-- pass: (\w+) -->\n[\s\S]*?<!-- end -->/g;

/** The page with every example as the compiler gives it now. */
export function withExamples(page: string): string {
  return page.replace(marked, (whole, pass: string) => {
    const example = examples[pass];
    return example ? `<!-- pass: ${pass} -->\n${written(example)}\n<!-- end -->` : whole;
  });
}

function written(example: Example): string {
  const left = stagesOf(example);
  const shown = Object.entries(example.stages).map(([stage, parts]) => {
    return `--- ${stage}\n${shorten(left.get(stage) ?? "", parts)}`;
  });
  return ["```ts", codeOf(example.program.name), "```", "```", ...shown, "```"].join("\n");
}

/** What each pass leaves of the program, by the name of the stage, and the C and the WebAssembly that are printed in the end. */
export function stagesOf({ program: make, vectorBytes = 32 }: Example): Map<string, string> {
  const machine: Machine = { vectorBytes, registers: 16, mixedWidths: true, threads: 2 };
  const stages = new Map<string, string>();
  const { program } = compileGraph(make().graph, machine, (pass, what) => stages.set(pass, format(what())));
  stages.set("c", printC(program).join("\n"));
  if (vectorBytes === 16) stages.set("wat", textOf(printProgram(program)));
  return stages;
}

const source = readFileSync(join(import.meta.dirname, "programs.ts"), "utf8");

/** What a program's function returns, as it is written. */
function codeOf(program: string): string {
  const body = source.split(`export function ${program}() {\n`)[1].split("\n}\n")[0];
  const code = body.slice(body.indexOf("return ") + "return ".length).replace(/;$/, "");
  return code.replaceAll("\n  ", "\n");
}
