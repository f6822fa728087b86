import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { cacheFolder, findLibrary, keepLibrary, temporaryName } from "./cache.ts";
import { compileC, type Toolchain } from "./toolchain.ts";

type Koffi = typeof import("koffi");
export type Library = ReturnType<Koffi["load"]>;

/** koffi is loaded only when it is needed, so that the package works where it cannot be installed. */
export function openLibrary(path: string): Library {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  return koffi.load(path);
}

/** The program of C files: from the cache when it was compiled before and still opens, else compiled now. */
export async function libraryOf(files: readonly string[], toolchain: Toolchain): Promise<Library> {
  const folder = cacheFolder();
  const key = createHash("sha256").update(toolchain.fingerprint).update(files.join("\n")).digest("hex").slice(0, 40);
  const kept = findLibrary(folder, key);
  if (kept) {
    try {
      return openLibrary(kept);
    } catch {
      rmSync(kept, { force: true });
    }
  }
  const draft = temporaryName(join(folder, key));
  try {
    await compileC(toolchain, files, draft);
    return openLibrary(keepLibrary(folder, key, draft));
  } finally {
    rmSync(draft, { force: true });
  }
}
