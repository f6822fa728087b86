import { renameSync, rmSync, writeFileSync } from "node:fs";
import { PondusError } from "../graph/errors.ts";

/**
 * Writes a file whole or not at all: to a temporary name beside it, then renamed.
 *
 * @throws `file.write` when the place cannot be written to
 */
export function writeAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.part`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new PondusError("file.write", `${path}: cannot be written (${(cause as Error).message}).`, {
      cause,
      exitCode: 1,
    });
  }
}
