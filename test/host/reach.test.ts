import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { importTarget } from "../support/import-target.ts";

const root = join(import.meta.dirname, "../..");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const entries = Object.entries<{ default?: string }>(exports).flatMap(([name, { default: file }]) =>
  file === undefined ? [] : [[name, join(root, file.replace("./dist/", "src/").replace(/\.js$/, ".ts"))]],
);

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

/** What is only Node's, in code as a page would load it: modules, and globals. */
const nodeOnly =
  /["']node:[a-z_/]+["']|(?<![\w.])(?:process|Buffer|require|__dirname|setImmediate)\b\s*[.(]|import\.meta/g;

test.each(entries)("what a page loads of %s asks Node for nothing", (_, entry) => {
  const seen = new Set([entry]);
  const found: string[] = [];
  for (const file of seen) {
    const text = withoutComments(readFileSync(file, "utf8"));
    for (const [what] of text.matchAll(nodeOnly)) found.push(`${relative(root, file)}: ${what}`);
    // Types are gone before a page loads anything.
    const loads = text.replace(/\b(?:import|export)\s+type\b[^;"']*from\s*["'][^"']*["']/g, "");
    for (const [, path] of loads.matchAll(/\b(?:from|import)\s*\(?\s*["']([.#][^"']*)["']/g)) {
      seen.add(importTarget(path, file, "browser"));
    }
  }
  expect(found).toEqual([]);
  expect(seen.size).toBeGreaterThan(10);
});
