import { sha256 } from "#host/digest";
import { keep, recall } from "#host/kept";
import { busy as busyNow, platform, processorName } from "#host/processor";
import type { BackendName } from "../../backends/backend.ts";
import { threadsHere } from "../../backends/threads.ts";
import { features } from "../../backends/wasm/module/features.ts";
import { PondusError } from "../../graph/errors.ts";
import { version } from "../../host/version.ts";
import { chooseBackend } from "../../runtime/choose.ts";
import { measureRates, type Rates } from "./rates.ts";

/** What programs reach on this machine when nothing but the machine limits them. */
export interface Ceilings extends Rates {
  readonly backend: BackendName;
  readonly threads: number;
}

export interface CeilingOptions {
  /** On what programs run (default: the fastest that works here). */
  readonly backend?: BackendName | "auto";
  /** Measure again what is known. */
  readonly remeasure?: boolean;
  /** Called while measuring, with the part that is done. */
  readonly onProgress?: (done: number) => void;
}

/**
 * What this machine reaches, measured with Pondus's own programs in about a second, on as many threads as programs use
 * here, and kept beside the compiled programs. Each figure is the best of several moments: on a machine that others use
 * too, the one in which they disturbed least. What was measured on a busy machine is measured again on a quieter one.
 *
 * @throws `ceilings.backend` for a backend that only interprets, `backend.unknown`, `backend.unavailable`
 */
export async function ceilings(options: CeilingOptions = {}): Promise<Ceilings> {
  const { name: backend } = chooseBackend(options.backend);
  if (backend === "reference") {
    throw new PondusError(
      "ceilings.backend",
      'ceilings: the backend should be one that compiles, "native" or "wasm", but "reference" came; its time is not that ' +
        "of the machine's arithmetic.",
    );
  }
  const threads = threadsHere();
  const name = nameFor(backend, threads);
  const busy = busyNow();
  const known = options.remeasure ? undefined : ratesIn(recall(name));
  const isGood = known && !((known.busy ?? 0) > Math.max(0.25, 2 * busy));
  const rates = isGood ? known : { ...(await measureRates(backend, threads, options.onProgress)), busy };
  if (!isGood) keepRates(name, rates);
  return { backend, threads, ...rates };
}

/** Whatever changes the figures is in the name: what is measured elsewhere, or otherwise, is another file. */
function nameFor(backend: BackendName, threads: number): string {
  const processor = processorName();
  const readable = processor.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const exact = JSON.stringify([processor, ...platform(), chooseBackend(backend).machine(), features()]);
  const digest = sha256(exact).slice(0, 8);
  return `ceilings-${readable.slice(0, 60)}-${threads}-${backend}-${version}-${digest}.json`;
}

function keepRates(name: string, rates: Rates): void {
  try {
    keep(name, `${JSON.stringify(rates, null, 2)}\n`);
  } catch {
    // The disk is full: the next process measures again.
  }
}

/** Undefined when the text is not, whole and sound, what was once measured. */
function ratesIn(text: string | undefined): Rates | undefined {
  try {
    const rates = JSON.parse(text ?? "") as Rates;
    const { products, elementwise, divisions, bandwidth, cache, memory, run, launch, busy = 0 } = rates;
    const numbers = [cache, memory, run, launch];
    for (const { float32, float64 } of [products, elementwise, divisions]) numbers.push(float32, float64);
    for (const { arena, rate } of bandwidth) numbers.push(arena, rate);
    const isSound = bandwidth.length > 1 && numbers.every((n) => Number.isFinite(n) && n > 0);
    return isSound ? { products, elementwise, divisions, bandwidth, cache, memory, run, launch, busy } : undefined;
  } catch {
    return undefined;
  }
}
