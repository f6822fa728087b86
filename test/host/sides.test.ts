import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { version } from "../../src/host/version.ts";

const root = join(import.meta.dirname, "../..");

/** Each module of the browser's side, as what the type checker takes it for: its like on Node's side. */
const sides: Record<string, [node: object, browser: object]> = {
  environment: both<typeof import("../../src/host/node/environment.ts")>(
    await import("../../src/host/node/environment.ts"),
    await import("../../src/host/browser/environment.ts"),
  ),
  digest: both<typeof import("../../src/host/node/digest.ts")>(
    await import("../../src/host/node/digest.ts"),
    await import("../../src/host/browser/digest.ts"),
  ),
  "event-loop": both<typeof import("../../src/host/node/event-loop.ts")>(
    await import("../../src/host/node/event-loop.ts"),
    await import("../../src/host/browser/event-loop.ts"),
  ),
  files: both<typeof import("../../src/host/node/files.ts")>(
    await import("../../src/host/node/files.ts"),
    await import("../../src/host/browser/files.ts"),
  ),
  memory: both<typeof import("../../src/host/node/memory.ts")>(
    await import("../../src/host/node/memory.ts"),
    await import("../../src/host/browser/memory.ts"),
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

function both<Side extends object>(node: Side, browser: Side): [Side, Side] {
  return [node, browser];
}

test("this test knows every module of either side", () => {
  const files = Object.keys(sides).map((name) => `${name}.ts`);
  for (const side of ["node", "browser"])
    expect(readdirSync(join(root, "src/host", side)).sort()).toEqual(files.sort());
});

test.each(Object.entries(sides))("%s: both sides export the same", (_, [node, browser]) => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
});

test("the version is the package's", () => {
  expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
});
