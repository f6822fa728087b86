import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/glossary.md"), "utf8");

/** The first cell of each row; a row may explain two words together, as "stiff, sloppy". */
const terms = [...page.matchAll(/^\| (?!term \|)([a-z][a-z ,]*) \| /gm)].flatMap(([, cell]) => cell.split(", "));

const under = (folder: string, ending: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending) && !file.endsWith("glossary.md"))
    .map((file) => readFileSync(join(root, folder, file), "utf8"));

test("every term of the glossary is in use", () => {
  const text = [...under("src", ".ts"), ...under("docs", ".md")].join("\n");
  // "learning rate" as "learningRate" too; plurals as well.
  const isUsed = (term: string) => new RegExp(`\\b${term.replaceAll(" ", "[ _-]?")}(s|es)?\\b`, "i").test(text);
  expect(terms.length).toBeGreaterThan(50);
  expect(terms.filter((term) => !isUsed(term))).toEqual([]);
});

test("every term of the glossary stands there once", () => {
  expect(terms.filter((term, i) => terms.indexOf(term) !== i)).toEqual([]);
});
