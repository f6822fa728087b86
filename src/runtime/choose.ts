import { setting } from "#host/environment";
import { native } from "#native";
import type { Backend, BackendName, Executable } from "../backends/backend.ts";
import { reference } from "../backends/reference/index.ts";
import { wasm } from "../backends/wasm/index.ts";
import { PondusError } from "../graph/errors.ts";
import type { GraphProgram } from "../graph/program.ts";

/** Fastest first. */
const backends: readonly Backend[] = [native, wasm, reference];

export const backendNames: readonly BackendName[] = backends.map((b) => b.name);

/** What can run here, and why the others cannot. */
export function inspectBackends(): { name: BackendName; unavailable: string | undefined }[] {
  return backends.map((b) => ({ name: b.name, unavailable: b.unavailable() }));
}

/**
 * The backend by name, or for "auto" the one that PONDUS_BACKEND names, else the fastest that works here.
 *
 * @throws `backend.unknown`, `backend.unavailable`
 */
export function chooseBackend(name: BackendName | "auto" = "auto"): Backend {
  const asked = wanted(name);
  if (asked === "auto") return backends.find((b) => b.unavailable() === undefined) as Backend;
  const found = backends.find((b) => b.name === asked);
  if (!found) {
    throw new PondusError(
      "backend.unknown",
      `backend "${asked}" is not known; choose from ${backendNames.join(", ")}.`,
    );
  }
  const why = found.unavailable();
  if (why)
    throw new PondusError("backend.unavailable", `backend ${asked} does not work here: ${why}.`, { exitCode: 1 });
  return found;
}

const wanted = (name: BackendName | "auto") => (name === "auto" ? setting("PONDUS_BACKEND") || "auto" : name);

/** Loads a program on the backend by name. Where "auto" chose one that breaks while it loads, the next takes its place. */
export async function loadOn(name: BackendName | "auto", graph: GraphProgram): Promise<Executable> {
  const backend = chooseBackend(name);
  try {
    return await backend.load(graph);
  } catch (error) {
    if (wanted(name) !== "auto" || backend.unavailable() === undefined) throw error;
    return loadOn(name, graph);
  }
}
