// Lets Node import a person's own file, wherever it lies: types are stripped in place, so that lines and columns stay true,
// a slip of syntax gets its place, and `pondus` means the very copy that is running. A plain file, because Node loads it before anything is compiled.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/wasm-typescript";

/** Where the running copy's modules lie: { base: "file:///.../dist/", extension: ".js" }. */
let own;

export function initialize(data) {
  own = data;
}

export function resolve(specifier, context, next) {
  const [name, folder, ...deeper] = specifier.split("/");
  if (name !== "pondus" || deeper.length > 0 || folder === "package.json") return next(specifier, context);
  const file = folder === undefined ? "index" : `${folder}/index`;
  return next(`${own.base}${file}${own.extension}`, context);
}

export function load(url, context, next) {
  const kind = /\.m?([jt])s(\?|$)/.exec(url)?.[1];
  const theirs = url.startsWith("file:") && !url.startsWith(own.base) && !url.includes("/node_modules/");
  if (!kind || !theirs) return next(url, context);
  const path = fileURLToPath(url.replace(/\?.*$/, ""));
  const source = readFileSync(path, "utf8");
  if (kind === "t") return { format: "module", shortCircuit: true, source: strip(source, path) };
  placeMistakes(source, path);
  return next(url, context);
}

/** Node's own message for a slip of syntax in a module names no place. What Node accepts is fine, whatever the stripper says. */
function placeMistakes(source, path) {
  try {
    strip(source, path);
  } catch (error) {
    const check = spawnSync(process.execPath, ["--input-type=module", "--check", "-"], { input: source });
    if (check.status !== 0) throw error;
  }
}

function strip(source, path) {
  try {
    return transformSync(source, { mode: "strip-only", module: true, filename: path }).code;
  } catch (error) {
    // Thrown as plain text of the form path:line:column, because errors cross from the loader's thread as copies.
    const { startLine, startColumn, message } = error;
    throw new SyntaxError(`${path}:${startLine}:${startColumn + 1}: ${message ?? error}`);
  }
}
