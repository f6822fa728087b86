import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { cacheFolder } from "#host/cache-folder";
import { temporaryName } from "#host/files";
import { findLibrary, findLibraryOf, keepLibrary } from "./cache/kept.ts";
import { compileC, type Toolchain } from "./toolchain.ts";

type Koffi = typeof import("koffi");
export type Library = ReturnType<Koffi["load"]>;

/** A library of the cache, open. */
export interface CachedLibrary {
  readonly name: string;
  readonly code: Library;
}

/** koffi is loaded only when it is needed, so that the package works where it cannot be installed. */
export function openLibrary(path: string): Library {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  return koffi.load(path);
}

/** The library that the cache has under this name, if it is whole and opens. */
export function openCached(name: string): CachedLibrary | undefined {
  return attempt(findLibrary(cacheFolder(), name));
}

/** The program of C files: from the cache when it was compiled before and still opens, else compiled now. */
export async function libraryOf(files: readonly string[], toolchain: Toolchain): Promise<CachedLibrary> {
  const folder = cacheFolder();
  const key = createHash("sha256").update(toolchain.fingerprint).update(files.join("\n")).digest("hex").slice(0, 40);
  const kept = attempt(findLibraryOf(folder, key));
  if (kept) return kept;
  const draft = temporaryName(join(folder, key));
  try {
    await compileC(toolchain, files, draft);
    const path = keepLibrary(folder, key, draft);
    return { name: basename(path), code: openLibrary(path) };
  } finally {
    rmSync(draft, { force: true });
  }
}

function attempt(path: string | undefined): CachedLibrary | undefined {
  if (path === undefined) return undefined;
  try {
    return { name: basename(path), code: openLibrary(path) };
  } catch {
    rmSync(path, { force: true });
    return undefined;
  }
}
