import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

export const bin = join(import.meta.dirname, "../..", "bin", "pondus.js");

/** Where the commands of a test file run. */
export const folder = mkdtempSync(join(tmpdir(), "pondus-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
// What is stale is built once, or the first command would say so among its own lines.
beforeAll(() => pondus(["--version"]));

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command line for real; `watch` may end it, as Ctrl-C would, when it sees what it waits for on stderr. */
export function pondus(
  args: string[],
  watch?: (stderr: string) => boolean,
  env: { readonly [name: string]: string } = {},
): Promise<Result> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: folder,
    env: { ...process.env, FORCE_COLOR: "", CI: "true", ...env },
  });
  let [stdout, stderr, stopped] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (stopped || !watch?.(stderr)) return;
    stopped = true;
    child.kill("SIGINT");
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

export function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}
