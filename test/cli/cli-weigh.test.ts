import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { file, pondus } from "../support/command-line.ts";

test("weigh proteins: 21,249 knobs", async () => {
  const { code, stdout } = await pondus(["weigh", "proteins", "--json"]);
  expect(code).toBe(0);
  const { parameters, layers } = JSON.parse(stdout);
  expect(parameters.total).toBe(21249);
  expect(layers.map((l: { parameters: number }) => l.parameters)).toEqual([12928, 8256, 65]);
  expect((await pondus(["weigh", "proteins"])).stdout).toContain("100 x 128 + 128");
});

test("weigh prices a batch, and --measure finds what was foretold", async () => {
  const { code, stdout } = await pondus(["weigh", "proteins", "--batch", "256", "--measure", "--json"]);
  expect(code).toBe(0);
  const { parameters, inference, training, hessian, flops, predicted, measured } = JSON.parse(stdout);
  expect(parameters.total).toBe(21249);
  expect(training.activationBytes).toBe(4 * 256 * (100 + 128 + 64));
  expect(hessian.float64Bytes).toBe(3612160008);
  for (const n of [flops.forward, flops.backward, flops.update]) expect(n).toBeGreaterThan(0);
  for (const [which, price] of Object.entries({ inference, training })) {
    expect(predicted[which].arenaBytes).toBe(price.peakBytes);
    expect(measured[which].arenaBytes).toBe(price.peakBytes);
    expect(measured[which].seconds).toBeGreaterThan(0);
  }
  expect((await pondus(["weigh", "proteins", "--batch", "0"])).code).toBe(2);
});

const canTell = existsSync("/proc/self/clear_refs");
test.skipIf(!canTell)(
  `a process of 100 MB takes what was foretold${canTell ? "" : " (skipped: no /proc)"}`,
  async () => {
    const net = file(
      "large.ts",
      `import { nn } from "pondus";
export default nn.sequential(...Array.from({ length: 30 }, () => [nn.dense(1024, 1024), nn.tanh]).flat());`,
    );
    const { stdout } = await pondus(["weigh", net, "--batch", "32", "--measure", "--json"]);
    const { predicted, measured } = JSON.parse(stdout);
    for (const which of ["inference", "training"]) {
      const [a, b] = [predicted[which], measured[which]];
      expect(b.arenaBytes).toBe(a.arenaBytes);
      expect(Math.abs(b.processBytes / a.processBytes - 1)).toBeLessThan(0.05);
    }
  },
  60_000,
);

test("weigh takes a file that exports a model alone", async () => {
  const path = file("million.ts", 'import { nn } from "pondus";\nexport default nn.dense(999, 1000);');
  expect((await pondus(["weigh", path])).stdout).toContain("8,000,000,000,000 bytes (8.00 TB)");
});
