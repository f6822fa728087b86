import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where all code lies, in folders inside these too, that has a say in what a graph becomes. */
const folders = ["host", "graph", "tensor", "compiler", "backends"];

let digest: string | undefined | null = null;

/**
 * A digest of the code that turns graphs into programs, so that another version of it never finds what this one made.
 * Undefined when the code in memory cannot be known from its files: they lie elsewhere (bundled into one), or were
 * changed after this process began.
 */
export function codeDigest(): string | undefined {
  if (digest === null) {
    try {
      digest = digestOf(fileURLToPath(import.meta.url), performance.timeOrigin);
    } catch {
      digest = undefined;
    }
  }
  return digest;
}

/** The same for code whose copy of this file is `self`, and which was loaded at `since` or later. */
export function digestOf(self: string, since: number): string | undefined {
  const extension = extname(self);
  if (basename(self, extension) !== "code-digest") return undefined;
  const root = join(self, "..", "..", "..", "..");
  const parts: Uint8Array[] = [Buffer.from(process.version)];
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      if (!name.endsWith(extension) || name.endsWith(".d.ts")) continue;
      const { text, changed } = read(`${root}/${folder}/${name}`);
      if (changed >= since) return undefined;
      parts.push(Buffer.from(`\n${folder}/${name} ${text.length}\n`), text);
    }
  }
  return createHash("sha256").update(Buffer.concat(parts)).digest("hex");
}

/** A file's text, and when it was changed last before that. */
function read(path: string): { text: Uint8Array; changed: number } {
  const file = openSync(path, "r");
  try {
    const text = Buffer.allocUnsafe(fstatSync(file).size);
    const length = readSync(file, text);
    return { text: text.subarray(0, length), changed: fstatSync(file).ctimeMs };
  } finally {
    closeSync(file);
  }
}
