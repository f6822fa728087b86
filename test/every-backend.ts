import { type BackendName, inspectBackends } from "pondus";
import { describe, test } from "vitest";

/** Runs a suite once for every backend that works here; the others are skipped by name, with the reason. */
export function onEveryBackend(suite: (backend: BackendName) => void): void {
  for (const { name, unavailable } of inspectBackends()) {
    if (unavailable === undefined) describe(name, () => suite(name));
    else test.skip(`${name} (skipped: ${unavailable})`, () => {});
  }
}
