import { dirname, join, resolve } from "node:path";

const src = resolve(import.meta.dirname, "../../src");

/** The file that an import of a source file loads; for the package's own names (`imports` of package.json), Node's side. */
export function importTarget(path: string, file: string, side: "node" | "browser" = "node"): string {
  if (path === "#native") return join(src, "backends/native", side === "node" ? "index.ts" : "absent.ts");
  if (path.startsWith("#host/")) return join(src, "host", side, `${path.slice("#host/".length)}.ts`);
  return resolve(dirname(file), path);
}
