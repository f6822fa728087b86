import { totalmem } from "node:os";

/**
 * How many bytes this process may hope to use: what its container is held to, where it is held to less than the machine
 * has, else the machine's memory. Undefined where nothing says so, as in a browser.
 */
export function memoryHere(): number | undefined {
  const total = totalmem();
  // 0, or a number near 2^63 or 2^64, when there is no limit.
  const limit = process.constrainedMemory();
  return limit > 0 && limit < total ? limit : total;
}
