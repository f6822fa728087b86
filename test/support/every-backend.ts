import { type BackendName, inspectBackends } from "pondus";
import { afterAll, beforeAll, describe, test } from "vitest";
import { enableRelaxedSimd } from "./relaxed-simd.ts";

/** Runs a suite once for every backend that works here; the others are skipped by name, with the reason. */
export function onEveryBackend(suite: (backend: BackendName) => void): void {
  for (const { name, unavailable } of inspectBackends()) {
    if (unavailable !== undefined) test.skip(`${name} (skipped: ${unavailable})`, () => {});
    else if (name === "wasm") onBothKindsOfEngine(suite);
    else describe(name, () => suite(name));
  }
}

/** With relaxed SIMD, where the engine has it, and without. */
function onBothKindsOfEngine(suite: (backend: BackendName) => void): void {
  if (enableRelaxedSimd()) describe("wasm", () => suite("wasm"));
  else test.skip("wasm with relaxed SIMD (skipped: the engine has none)", () => {});
  describe("wasm without relaxed SIMD", () => {
    const before = process.env.PONDUS_RELAXED_SIMD;
    beforeAll(() => {
      process.env.PONDUS_RELAXED_SIMD = "0";
    });
    afterAll(() => {
      if (before === undefined) delete process.env.PONDUS_RELAXED_SIMD;
      else process.env.PONDUS_RELAXED_SIMD = before;
    });
    suite("wasm");
  });
}
