import type { BackendName } from "../../backends/backend.ts";
import type { FitSummary } from "../fits.ts";
import type { Metrics } from "../metrics.ts";
import type { Settings } from "../run-settings.ts";
import type { Columns, Sample } from "../system.ts";

/** What run.json says. */
export interface RunDescription {
  readonly system: string;
  readonly title: string;
  readonly status: "running" | "finished" | "interrupted" | "failed";
  readonly seed: number;
  readonly backend: BackendName;
  readonly parameters: number;
  /** Spent in training, over all parts of a resumed run. */
  readonly seconds: number;
  readonly metrics?: Metrics;
  readonly samples?: readonly Sample[];
  /** What became of every fit: training and validation loss, the gap between them, knobs and data. */
  readonly fits?: Readonly<Record<string, FitSummary>>;
  readonly error?: { readonly code: string; readonly message: string };
  readonly options: Omit<Settings, "seed" | "backend"> & { readonly data?: KeptData };
  /** A user's own page, seen from the run folder. */
  readonly source?: string;
  readonly started: string;
  readonly versions: { readonly pondus: string; readonly node?: string; readonly browser?: string };
}

/** A file with measurements, and which of its columns to read. */
export interface DataFile extends Columns {
  /** Its path, or its name where `bytes` holds it. */
  readonly file: string;
  /** What it holds, as where there are no files: in a web page. */
  readonly bytes?: Uint8Array;
}

/** The same as run.json remembers it. */
export interface KeptData extends Omit<DataFile, "bytes"> {
  /** Of the text, in hexadecimal. */
  readonly sha256?: string;
}
