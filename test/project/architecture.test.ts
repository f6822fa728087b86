import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");

/** `| `graph/` | what it holds | `ops.ts` |`: a room and the file to begin with. */
const rows = [...page.matchAll(/^\| `(\w+)\/` \|.*\| `([\w./-]+)` \|$/gm)].map(([, room, file]) => ({ room, file }));

test("ARCHITECTURE.md lists every room of src/", () => {
  const rooms = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rows.map(({ room }) => room).sort()).toEqual(rooms.map(({ name }) => name).sort());
});

test("ARCHITECTURE.md names files that exist", () => {
  const pipeline = [...page.matchAll(/^ {2}\S.*? {2,}(\w+\/[\w./-]*)/gm)].map(([, file]) => file);
  expect(pipeline.length).toBeGreaterThan(12);
  const files = [...rows.map(({ room, file }) => `${room}/${file}`), ...pipeline];
  expect(files.filter((file) => !existsSync(join(root, "src", file)))).toEqual([]);
});

test("ARCHITECTURE.md stays short", () => {
  expect(page.split("\n").length).toBeLessThan(170);
});
