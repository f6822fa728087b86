import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples } from "./passes/examples.ts";
import { passesOn, stagesOf, withExamples } from "./passes/page.ts";

const page = readFileSync(join(import.meta.dirname, "../../ARCHITECTURE.md"), "utf8");

test("ARCHITECTURE.md shows every pass, in order", () => {
  expect(passesOn(page)).toEqual(Object.keys(examples));
});

test("ARCHITECTURE.md names every stage that PONDUS_DUMP knows", () => {
  const names = [...stagesOf(examples.print).keys()];
  expect(page).toContain(names.map((name) => `\`${name}\``).join(", "));
});

test("ARCHITECTURE.md shows what the passes do; `npm test -- passes -u` writes it anew", async () => {
  await expect(withExamples(page)).toMatchFileSnapshot("../../ARCHITECTURE.md");
});
