// Lets Node import a person's own .ts file, wherever it lies: types are stripped in place, so that lines and columns stay
// true, and `pondus` means the very copy that is running. A plain file, because Node loads it before anything is compiled.

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
  if (!url.startsWith("file:") || !/\.m?ts(\?|$)/.test(url) || url.startsWith(own.base)) return next(url, context);
  const path = fileURLToPath(url.replace(/\?.*$/, ""));
  return { format: "module", shortCircuit: true, source: strip(readFileSync(path, "utf8"), path) };
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
