import { createHash } from "node:crypto";

/** SHA-256 (FIPS 180-4) of parts, one after another, in hexadecimal; of a text its bytes in UTF-8. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const sum = createHash("sha256");
  for (const part of parts) sum.update(part);
  return sum.digest("hex");
}
