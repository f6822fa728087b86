import { chromium } from "playwright-core";
import { openRun, predict, type RunFiles, train } from "pondus/experiment";
import { yeast } from "pondus/systems";
import { expect, test, vi } from "vitest";
import { bundlers, Project } from "../support/browser/bundlers.ts";
import { findChromium } from "../support/browser/chromium.ts";
import { serve } from "../support/browser/server.ts";

const executablePath = findChromium();
const missing = executablePath === undefined ? " (skipped: no chromium on the PATH)" : "";

/** What a page does with a system: it trains, keeps the files in memory, and asks the run that they are. */
const source = `
  import { openRun, predict, train } from "pondus/experiment";
  import { yeast } from "pondus/systems";
  globalThis.answer = async () => {
    const out = new Map();
    const { status } = await train(yeast, { out, steps: 20, seed: 1 });
    const { yeast: cells } = await predict(yeast, openRun(out), [[5], [17]]);
    const plots = new TextDecoder().decode(out.get("report.html")).match(/<svg/g).length;
    const weights = [...out.get("weights.safetensors")];
    return { status, files: [...out.keys()].sort(), weights, cells: [...cells], plots };
  };`;

test.skipIf(missing)(`a page trains the yeast system into memory, to the bits of Node${missing}`, async () => {
  vi.stubEnv("PONDUS_RELAXED_SIMD", "0");
  const project = new Project();
  const { code, warnings } = await bundlers.esbuild(project.page("run.js", source));
  expect(warnings).toEqual([]);
  const page = `<!doctype html><link rel="icon" href="data:,"><script>globalThis.PONDUS_RELAXED_SIMD = "0";</script>
    <script type="module" src="run.js"></script>`;
  const server = await serve({ "/run.html": page, "/run.js": code });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const tab = await browser.newPage();
    await tab.goto(`${server.origin}/run.html`);
    await tab.waitForFunction("globalThis.answer !== undefined");
    const answer = await tab.evaluate("globalThis.answer()");
    const out: RunFiles = new Map();
    await train(yeast, { out, steps: 20, seed: 1, backend: "wasm" });
    const { yeast: cells } = await predict(yeast, openRun(out), [[5], [17]]);
    const report = new TextDecoder().decode(out.get("report.html"));
    expect(answer).toEqual({
      status: "finished",
      files: ["checkpoint.safetensors", "metrics.jsonl", "report.html", "run.json", "weights.safetensors"],
      weights: [...(out.get("weights.safetensors") as Uint8Array)],
      cells: Array.from(cells),
      plots: report.match(/<svg/g)?.length,
    });
  } finally {
    await browser.close();
    server.close();
    project.remove();
    vi.unstubAllEnvs();
  }
});
