import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeFile } from "../../src/host/node/files.ts";
import { writeBytes } from "../../src/io/files.ts";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

test("a file is written whole, and nothing else is left", () => {
  const folder = mkdtempSync(join(scratch, "whole-"));
  writeBytes(join(folder, "x"), "first");
  writeBytes(join(folder, "x"), new Uint8Array([1, 2, 3]));
  expect(readdirSync(folder)).toEqual(["x"]);
  expect([...readFileSync(join(folder, "x"))]).toEqual([1, 2, 3]);
});

test("a file that cannot be written leaves what was there, and no draft", () => {
  const folder = mkdtempSync(join(scratch, "blocked-"));
  writeFileSync(join(folder, "x"), "before");
  // A folder in the way of the last step, and a place that is not there for the first.
  expect(() => writeBytes(folder, "x")).toThrow(expect.objectContaining({ code: "file.write", exitCode: 1 }));
  expect(() => writeBytes(join(folder, "none", "x"), "x")).toThrow(/none\/x: cannot be written \(/);
  expect(readdirSync(folder)).toEqual(["x"]);
  expect(readFileSync(join(folder, "x"), "utf8")).toBe("before");
  expect(readdirSync(scratch).filter((name) => !name.match(/^(whole|blocked|own)-\w+$/))).toEqual([]);
});

test("who may read it is as it is asked for", () => {
  const folder = mkdtempSync(join(scratch, "own-"));
  chmodSync(folder, 0o700);
  writeFile(join(folder, "x"), "mine", 0o600);
  expect(statSync(join(folder, "x")).mode & 0o777).toBe(0o600);
});
