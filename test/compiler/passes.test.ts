import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples } from "./passes/examples.ts";
import { passesOn, stagesOf, withExamples } from "./passes/page.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/internals/passes.md"), "utf8");

test("passes.md shows every pass, in order", () => {
  expect(passesOn(page)).toEqual(Object.keys(examples));
});

test("passes.md names every stage that PONDUS_DUMP knows", () => {
  const names = [...stagesOf(examples.print).keys()];
  expect(page.replaceAll("\n", " ")).toContain(names.map((name) => `\`${name}\``).join(", "));
});

test("passes.md shows what the passes do; `npm test -- passes -u` writes it anew", async () => {
  await expect(withExamples(page)).toMatchFileSnapshot("../../docs/internals/passes.md");
});
