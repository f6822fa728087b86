import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspectBackends, nn, weigh } from "pondus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { measureAlone } from "../../src/cli/measure-alone.ts";

const folder = mkdtempSync(join(tmpdir(), "pondus-measured-"));
const file = join(folder, "large.ts");
const { PONDUS_BACKEND } = process.env;

beforeAll(() => {
  // What is stale is built once, or the first process would say so.
  spawnSync(process.execPath, [join(import.meta.dirname, "../..", "bin", "pondus.js"), "--version"]);
  writeFileSync(
    file,
    `import { nn } from "pondus";
const layer = () => [nn.dense(1024, 1024, { init: nn.init.constant(1e-3) }), nn.tanh];
export default nn.sequential(...Array.from({ length: 25 }, layer).flat());`,
  );
});

afterAll(() => {
  if (PONDUS_BACKEND === undefined) delete process.env.PONDUS_BACKEND;
  else process.env.PONDUS_BACKEND = PONDUS_BACKEND;
  rmSync(folder, { recursive: true });
});

const canTell = existsSync("/proc/self/clear_refs");

describe.each(["native", "wasm"] as const)("%s", (backend) => {
  const missing = inspectBackends().find((b) => b.name === backend)?.unavailable !== undefined;

  test.skipIf(missing || !canTell).each(["inference", "training"] as const)(
    `a process with 105 MB of weights takes for %s what was foretold${canTell ? "" : " (skipped: no /proc to tell)"}`,
    async (which) => {
      const net = nn.sequential(...Array.from({ length: 25 }, () => [nn.dense(1024, 1024), nn.tanh]).flat());
      const price = weigh(net, { batch: 64, backend })[which];
      process.env.PONDUS_BACKEND = backend;
      const seen = await measureAlone(["weigh", file, "--batch", "64", "--alone", which]);
      expect(seen.isPeakItsOwn).toBe(true);
      expect(seen.arenaBytes).toBe(price?.peakBytes);
      expect(seen.hostBytes).toBe(price?.hostBytes);
      const ratio = (seen.arenaBytes + seen.hostBytes) / seen.peakBytes;
      expect(Math.abs(ratio - 1)).toBeLessThan(0.05);
    },
  );
});

test("what the other process says is said here", async () => {
  const alone = measureAlone(["weigh", join(folder, "nowhere.ts"), "--alone", "training"]);
  await expect(alone).rejects.toMatchObject({ code: "page.missing", exitCode: 2 });
});

test("the other process ends with what asked for it", async () => {
  const signal = AbortSignal.abort();
  await expect(measureAlone(["weigh", file, "--alone", "training"], signal)).rejects.toMatchObject({
    name: "AbortError",
  });
});
