import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { version } from "../../src/host/version.ts";

const root = join(import.meta.dirname, "../..");

/** Each module of the browser's side, as what the type checker takes it for: its like on Node's side. */
const sides: Record<string, [node: object, browser: object]> = {
  digest: both<typeof import("../../src/host/node/digest.ts")>(
    await import("../../src/host/node/digest.ts"),
    await import("../../src/host/browser/digest.ts"),
  ),
  document: both<typeof import("../../src/host/node/document.ts")>(
    await import("../../src/host/node/document.ts"),
    await import("../../src/host/browser/document.ts"),
  ),
  environment: both<typeof import("../../src/host/node/environment.ts")>(
    await import("../../src/host/node/environment.ts"),
    await import("../../src/host/browser/environment.ts"),
  ),
  "event-loop": both<typeof import("../../src/host/node/event-loop.ts")>(
    await import("../../src/host/node/event-loop.ts"),
    await import("../../src/host/browser/event-loop.ts"),
  ),
  files: both<typeof import("../../src/host/node/files.ts")>(
    await import("../../src/host/node/files.ts"),
    await import("../../src/host/browser/files.ts"),
  ),
  kept: both<typeof import("../../src/host/node/kept.ts")>(
    await import("../../src/host/node/kept.ts"),
    await import("../../src/host/browser/kept.ts"),
  ),
  memory: both<typeof import("../../src/host/node/memory.ts")>(
    await import("../../src/host/node/memory.ts"),
    await import("../../src/host/browser/memory.ts"),
  ),
  "own-code": both<typeof import("../../src/host/node/own-code.ts")>(
    await import("../../src/host/node/own-code.ts"),
    await import("../../src/host/browser/own-code.ts"),
  ),
  processor: both<typeof import("../../src/host/node/processor.ts")>(
    await import("../../src/host/node/processor.ts"),
    await import("../../src/host/browser/processor.ts"),
  ),
  terminal: both<typeof import("../../src/host/node/terminal.ts")>(
    await import("../../src/host/node/terminal.ts"),
    await import("../../src/host/browser/terminal.ts"),
  ),
  threads: both<typeof import("../../src/host/node/threads.ts")>(
    await import("../../src/host/node/threads.ts"),
    await import("../../src/host/browser/threads.ts"),
  ),
};

/** What only Node's own parts ask for: the native backend, and what measures a process. */
const nodeOnly = ["cache-folder", "resident"];

function both<Side extends object>(node: Side, browser: Side): [Side, Side] {
  return [node, browser];
}

test("this test knows every module of either side", () => {
  const modules = (side: string) => readdirSync(join(root, "src/host", side)).map((file) => file.replace(/\.ts$/, ""));
  expect(modules("browser").sort()).toEqual(Object.keys(sides).sort());
  expect(modules("node").sort()).toEqual([...Object.keys(sides), ...nodeOnly].sort());
});

test.each(Object.entries(sides))("%s: both sides export the same", (_, [node, browser]) => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
});

test("the version is the package's", () => {
  expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
});
