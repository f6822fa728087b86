import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import { createLogger, build as vite } from "vite";

const root = join(import.meta.dirname, "../../..");

/** What a bundler made of a page: one script, and what it complained about. */
export interface Bundle {
  readonly code: string;
  readonly warnings: readonly string[];
}

/** A project that has Pondus installed, as built, and nothing else. */
export class Project {
  readonly folder = mkdtempSync(join(tmpdir(), "pondus-page-"));

  constructor() {
    const packages = join(this.folder, "node_modules");
    mkdirSync(packages);
    const copied = (file: string) => !file.endsWith(".map");
    for (const part of ["package.json", "dist"]) {
      cpSync(join(root, part), join(packages, "pondus", part), { recursive: true, filter: copied });
    }
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const name of Object.keys(dependencies)) {
      mkdirSync(dirname(join(packages, name)), { recursive: true });
      symlinkSync(join(root, "node_modules", name), join(packages, name));
    }
  }

  /** Writes a page's script and returns where it lies. */
  page(name: string, source: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, source);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Each with no setting beyond the input and what every page would choose: a module for browsers, minified. */
export const bundlers: { readonly [name: string]: (file: string) => Promise<Bundle> } = {
  esbuild: async (file) => {
    const { outputFiles, warnings, errors } = await esbuild.build({
      entryPoints: [file],
      bundle: true,
      minify: true,
      format: "esm",
      platform: "browser",
      write: false,
      logLevel: "silent",
    });
    return { code: outputFiles[0].text, warnings: [...warnings, ...errors].map(({ text }) => text) };
  },

  Vite: async (file) => {
    const warnings: string[] = [];
    const logger = createLogger("silent");
    for (const level of ["warn", "warnOnce", "error"] as const) logger[level] = (text) => void warnings.push(text);
    const built = await vite({
      root: dirname(file),
      configFile: false,
      customLogger: logger,
      build: { write: false, rollupOptions: { input: file, output: { codeSplitting: false } } },
    });
    if (!("output" in built)) throw new Error("Vite gave no bundle");
    return { code: onlyChunk(built.output), warnings };
  },

  Rolldown: async (file) => {
    const warnings: string[] = [];
    const bundle = await rolldown({
      input: file,
      platform: "browser",
      onLog: (level, { message }) => void (level === "warn" && warnings.push(message)),
    });
    const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false });
    await bundle.close();
    return { code: onlyChunk(output), warnings };
  },
};

/** A page is one script here, also where a part of it would be loaded later. */
function onlyChunk(output: readonly ({ type: "chunk"; code: string } | { type: "asset" })[]): string {
  const chunks = output.flatMap((part) => (part.type === "chunk" ? [part.code] : []));
  if (chunks.length !== 1) throw new Error(`the bundle has ${chunks.length} scripts`);
  return chunks[0];
}
