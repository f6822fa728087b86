/**
 * How many bytes this process may hope to use: what its container is held to, where it is held to less than the machine
 * has, else the machine's memory. Undefined where nothing says so, as in a browser.
 */
export function memoryHere(): number | undefined {
  const here = globalThis.process;
  // Not by import: where there is no node:os, the answer is undefined, not an error.
  const total = here?.getBuiltinModule?.("node:os")?.totalmem();
  // 0, or a number near 2^63 or 2^64, when there is no limit.
  const limit = here?.constrainedMemory?.() ?? 0;
  if (limit > 0 && limit < (total ?? 2 ** 53)) return limit;
  return total;
}
