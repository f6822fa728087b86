import { PondusError } from "pondus";
import { expect } from "vitest";

/** The place in a test file from which it is called, as `errors.test.ts:12`. */
export function here(): string {
  const [, file, line] = /([^/\\]+\.test\.ts)[^:]*:(\d+)/.exec(new Error().stack?.split("\n")[2] ?? "") ?? [];
  return `${file}:${line}`;
}

/** The error that `f` throws, which must be one for a user. */
export async function errorOf(f: () => unknown): Promise<PondusError> {
  try {
    await f();
  } catch (error) {
    expect(error).toBeInstanceOf(PondusError);
    return error as PondusError;
  }
  throw new Error("nothing was thrown");
}
