import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bundlers, Project } from "../support/browser/bundlers.ts";
import { findChromium } from "../support/browser/chromium.ts";
import { resultsOfCases, resultsOfSharedWork } from "../support/browser/results.ts";
import { serve } from "../support/browser/server.ts";
import { trainYeast } from "../support/browser/yeast.ts";

const support = join(import.meta.dirname, "../support/browser");
const executablePath = findChromium();
const missing = executablePath === undefined ? " (skipped: no chromium on the PATH)" : "";

/** An empty page. What the environment's variables are in Node, its global variables are here. */
const page = (script: string) => `<!doctype html>
  <link rel="icon" href="data:,">
  <script>globalThis.PONDUS_RELAXED_SIMD = "0"; globalThis.PONDUS_THREADS = "2";</script>
  <script type="module" src="${script}"></script>`;

/** What pages are asked for: each function of `results.ts` and `yeast.ts`, on `globalThis.results`. */
interface Results {
  resultsOfCases: typeof resultsOfCases;
  resultsOfSharedWork: typeof resultsOfSharedWork;
  trainYeast: typeof trainYeast;
}

const learnHere = () => trainYeast(300);

describe.skipIf(missing)(`in Chromium${missing}`, () => {
  const project = new Project();
  const files: { [path: string]: string } = {};
  let browser: Browser;
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    // Chromium has relaxed SIMD, which rounds as the processor likes, and the oldest Node has not.
    vi.stubEnv("PONDUS_RELAXED_SIMD", "0");
    const { outputFiles } = await esbuild.build({
      stdin: { contents: `globalThis.results = await import("./results.ts");`, resolveDir: support },
      bundle: true,
      format: "esm",
      tsconfig: join(support, "tsconfig.json"),
      write: false,
    });
    files["/results.js"] = outputFiles[0].text;
    files["/results.html"] = page("results.js");
    const source = readFileSync(join(support, "yeast.ts"), "utf8");
    for (const [name, bundle] of Object.entries(bundlers)) {
      const { code } = await bundle(project.page(`${name}.ts`, `${source}\nglobalThis.results = { trainYeast };`));
      files[`/${name}.js`] = code;
      files[`/${name}.html`] = page(`${name}.js`);
    }
    server = await serve(files);
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    project.remove();
    vi.unstubAllEnvs();
  });

  /** What Node gives, asked once for all pages. */
  const here = new Map<unknown, Promise<unknown>>();
  function inNode<T>(question: () => Promise<T>): Promise<T> {
    if (!here.has(question)) here.set(question, question());
    return here.get(question) as Promise<T>;
  }

  /** Opens a page, asks it, and returns the answer with the number of workers that it has afterwards. */
  async function ask<T>(path: string, question: (results: Results) => Promise<T>) {
    const tab = await browser.newPage();
    const errors: string[] = [];
    tab.on("pageerror", ({ message }) => errors.push(message));
    tab.on("console", (message) => errors.push(message.text()));
    await tab.goto(server.origin + path);
    await tab.waitForFunction("globalThis.results !== undefined");
    const answer = (await tab.evaluate(`(${question})(globalThis.results)`)) as T;
    const workers = tab.workers().length;
    await tab.close();
    return { answer, workers, errors };
  }

  describe.each([
    ["an isolated page", "/isolated"],
    ["a page that is not isolated", ""],
  ])("%s", (_, folder) => {
    test("gives the bits of Node's WebAssembly for every case of the backends' suite", async () => {
      const { answer, errors } = await ask(`${folder}/results.html`, (results) => results.resultsOfCases());
      expect(errors).toEqual([]);
      expect(answer).toEqual(await inNode(resultsOfCases));
    });

    test("has workers where it may, and gives the same bits for what threads share", async () => {
      const { answer, workers } = await ask(`${folder}/results.html`, (results) => results.resultsOfSharedWork());
      expect(workers > 0).toBe(folder !== "");
      expect(answer).toEqual(await inNode(resultsOfSharedWork));
    });

    test.each(Object.keys(bundlers))("trains a neural ODE of yeast, bundled by %s", async (name) => {
      const { answer, errors } = await ask(`${folder}/${name}.html`, (results) => results.trainYeast(300));
      expect(errors).toEqual([]);
      expect(answer).toEqual(await inNode(learnHere));
      expect(answer.losses.at(-1)).toBeLessThan(answer.losses[0] / 10);
    });
  });
});
