import { join } from "node:path";
import { cacheFolder, readOwn, writeOwn } from "./cache-folder.ts";

/** The text that was kept under a name, by any process of this user; undefined where there is none. */
export function recall(name: string): string | undefined {
  return readOwn(join(cacheFolder(), name));
}

/** Keeps a text under a name, beside the compiled programs. Throws Node's own error where the disk is full. */
export function keep(name: string, text: string): void {
  writeOwn(join(cacheFolder(), name), text);
}
