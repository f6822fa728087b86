import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { importTarget } from "../support/import-target.ts";

const root = resolve(import.meta.dirname, "../..");
const source = join(root, "src");
const page = readFileSync(join(root, "docs/internals/walks.md"), "utf8");

interface Stop {
  /** As the page names it, from src/ on. */
  readonly shown: string;
  readonly file: string;
  readonly name: string;
}

/** The lines of a walk: `1. [tensor/tensor.ts](../../src/tensor/tensor.ts) `matmul`: ...`. */
function walks(): Map<string, readonly Stop[]> {
  const [, ...sections] = page.split(/^## /m);
  return new Map(
    sections.map((section) => {
      const stops = [...section.matchAll(/^\d+\. \[([^\]]+)\]\(([^)]+)\)\s+`(\w+)`:/gm)];
      return [
        section.split("\n")[0],
        stops.map(([, shown, link, name]) => ({ shown, file: resolve(root, "docs/internals", link), name })),
      ];
    }),
  );
}

/** What a module loads or names the types of; an index stands for all that it exports. */
function importsOf(file: string): Set<string> {
  const found = new Set<string>();
  const visit = (from: string) => {
    for (const [, path] of readFileSync(from, "utf8").matchAll(/(?:from|import\()\s*"([.#][^"]+)"/g)) {
      const target = importTarget(path, from);
      if (found.has(target)) continue;
      found.add(target);
      if (target.endsWith("/index.ts") && target !== file) visit(target);
    }
  };
  visit(file);
  return found;
}

test("there are three walks, of ten lines or a few more", () => {
  const lengths = [...walks().values()].map((stops) => stops.length);
  expect(lengths).toHaveLength(3);
  for (const length of lengths) expect(length).toBeGreaterThanOrEqual(10);
  for (const length of lengths) expect(length).toBeLessThanOrEqual(14);
});

for (const [title, stops] of walks()) {
  test(`${title}: each file exists and defines or calls what its line names`, () => {
    for (const { shown, file, name } of stops) {
      expect(file).toBe(join(source, shown));
      expect(existsSync(file), shown).toBe(true);
      expect(readFileSync(file, "utf8"), shown).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  test(`${title}: each file is called by one before it, or takes what the one before made`, () => {
    const lost = stops.slice(1).filter(({ file }, i) => {
      const before = stops.slice(0, i + 1).map((stop) => stop.file);
      return !before.some((earlier) => importsOf(earlier).has(file)) && !importsOf(file).has(before[i]);
    });
    expect(lost.map(({ shown }) => shown)).toEqual([]);
  });
}
