import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";
import { importTarget } from "../support/import-target.ts";

const root = resolve(import.meta.dirname, "../..");
const src = join(root, "src");

/** Data passes the folders in this order; each may import from itself and from those before it. */
const order = [
  "host",
  "graph",
  "tensor",
  "transforms",
  "linalg",
  "compiler",
  "backends",
  "runtime",
  "io",
  "nn",
  "optim",
  "ode",
  "laws",
  "ledger",
  "explain",
  "experiment",
  "systems",
  "cli",
];

function filesUnder(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(ts|mjs|js)$/.test(file))
    .map((file) => join(root, folder, file))
    .sort();
}

const name = (file: string) => relative(root, file).split(sep).join("/");
const sources = filesUnder("src");

const importPattern = /\b(?:from|import)\s*\(?\s*["']([.#][^"']*)["']/g;
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

function importsOf(file: string): string[] {
  const text = withoutComments(readFileSync(file, "utf8"));
  return [...text.matchAll(importPattern)].map(([, path]) => importTarget(path, file));
}

/** Types included: a type that comes from further along is a dependency too. */
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

/** The folder's place in the order; `src/index.ts` stands after everything but the command line. */
function place(file: string): number {
  const [folder, ...rest] = relative(src, file).split(sep);
  return rest.length === 0 ? order.indexOf("cli") - 0.5 : order.indexOf(folder);
}

test("every folder of src/ has a place in the order", () => {
  expect(sources.filter((file) => place(file) === -1).map(name)).toEqual([]);
});

test("a relative import names a file that exists, with its .ts extension", () => {
  const missing = sources.flatMap((file) =>
    imports
      .get(file)!
      .filter((target) => !imports.has(target))
      .map((target) => `${name(file)} -> ${name(target)}`),
  );
  expect(missing).toEqual([]);
});

test("a folder imports only from itself and from folders before it", () => {
  const backwards = sources.flatMap((file) =>
    imports
      .get(file)!
      .filter((target) => place(target) > place(file))
      .map((target) => `${name(file)} -> ${name(target)}`),
  );
  expect(backwards).toEqual([]);
});

test("no two files import each other, types included, directly or through others", () => {
  const finished = new Set<string>();
  const path: string[] = [];
  const cycles: string[] = [];
  const visit = (file: string): void => {
    if (finished.has(file)) return;
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push([...path.slice(at), file].map(name).join(" -> "));
      return;
    }
    path.push(file);
    for (const target of imports.get(file) ?? []) visit(target);
    path.pop();
    finished.add(file);
  };
  sources.forEach(visit);
  expect(cycles).toEqual([]);
});

test("no folder of src/ has more than 20 files", () => {
  const count = new Map<string, number>();
  for (const file of sources) count.set(dirname(file), (count.get(dirname(file)) ?? 0) + 1);
  expect([...count].filter(([, files]) => files > 20).map(([folder, files]) => `${name(folder)}: ${files}`)).toEqual(
    [],
  );
});

const written = [...sources, ...filesUnder("test"), ...filesUnder("scripts"), ...filesUnder("bin")];

test("no file of src/ is longer than 300 lines, and no other longer than 500", () => {
  const lines = (file: string) => readFileSync(file, "utf8").trimEnd().split("\n").length;
  const long = written
    .filter((file) => lines(file) > (file.startsWith(src) ? 300 : 500))
    .map((file) => `${name(file)}: ${lines(file)}`);
  expect(long).toEqual([]);
});

test("no file or folder is named after having no subject", () => {
  const vague = /(^|[\\/.-])(utils?|helpers?|common|misc)([\\/.-]|$)/i;
  expect(written.map(name).filter((file) => vague.test(file))).toEqual([]);
});
