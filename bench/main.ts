import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Options, parseOptions, usage } from "./options.ts";
import { killAll } from "./participant.ts";
import { writeResults } from "./results.ts";
import { runBench } from "./run.ts";
import { printTable } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "pondus-bench-"));

process.on("exit", () => {
  killAll();
  rmSync(scratch, { recursive: true, force: true });
});
for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => process.exit(status));
}

function options(): Options {
  try {
    const parsed = parseOptions(process.argv.slice(2));
    if (parsed !== "help") return parsed;
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(2);
  }
}

const asked = options();
const result = await runBench(root, scratch, asked);
process.stdout.write(asked.json ? `${JSON.stringify(result, null, 2)}\n` : printTable(result));
if (!asked.only && !asked.peers) {
  const file = join(root, "bench", "RESULTS.md");
  writeResults(file, result);
  // README shows some of them.
  execFileSync(process.execPath, [join(root, "scripts", "speeds.mjs")]);
  process.stderr.write(`\nWritten to ${file}, and README's table of speeds\n`);
}
