import { tensor } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** A motion and the force that was measured in it. */
export interface Record {
  /** s, rising. */
  readonly time: ArrayLike<number>;
  readonly velocity: ArrayLike<number>;
  readonly force: ArrayLike<number>;
}

/** Records of equal length, in which the samples from `from` on count: before it, laws that begin at rest come to their state. */
export interface Runs {
  readonly records: readonly Record[];
  readonly from: number;
}

/** What is learned from, and what is judged besides. */
export interface Experiment {
  readonly training: Runs;
  readonly unseen: Runs;
  /** Whether nothing tells forwards from backwards. */
  readonly symmetric: boolean;
  /** How to label them. */
  readonly units: { readonly time: string; readonly velocity: string; readonly force: string };
}

/** Runs side by side, as tensors. */
export interface Samples {
  /** [samples, runs] */
  readonly v: Tensor;
  /** From each to the next, [samples - 1, runs]. */
  readonly h: Tensor;
  readonly force: Tensor;
  readonly from: number;
}

/** A piece has so many samples that count, after so many that do not. */
const piece = { warm: 300, counted: 200 };

/**
 * One long record cut into pieces that are learned side by side, the last two of which may overlap; a short one is a single
 * piece, of which a tenth goes before what counts.
 */
export function inPieces(record: Record): Runs {
  const count = record.time.length;
  if (count < 2 * (piece.warm + piece.counted)) return { records: [record], from: Math.floor(count / 10) };
  const pieces = Math.ceil((count - piece.warm) / piece.counted);
  const length = piece.warm + piece.counted;
  const records = Array.from({ length: pieces }, (_, i) => {
    const start = Math.min(i * piece.counted, count - length);
    const cut = (values: ArrayLike<number>) => Array.from(values).slice(start, start + length);
    return { time: cut(record.time), velocity: cut(record.velocity), force: cut(record.force) };
  });
  return { records, from: piece.warm };
}

export function samplesOf({ records, from }: Runs, dtype: "float32" | "float64"): Samples {
  const count = records[0].time.length;
  const rows = (value: (record: Record, k: number) => number, length = count) =>
    tensor(
      Array.from({ length }, (_, k) => records.map((record) => value(record, k))),
      { dtype },
    );
  return {
    v: rows(({ velocity }, k) => velocity[k]),
    h: rows(({ time }, k) => time[k + 1] - time[k], count - 1),
    force: rows(({ force }, k) => force[k]),
    from,
  };
}

/** Those samples of [samples, ...] that count. */
export const counted = (x: Tensor, { from }: Pick<Samples, "from">): Tensor => x.slice(from);

export const rootMeanSquare = (values: readonly number[]) =>
  Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);

/** Root mean squares over runs: in these units, numbers are of order one. */
export function scalesOf({ records }: Runs) {
  const all = (column: "velocity" | "force") => records.flatMap((record) => Array.from(record[column]));
  const [{ time }] = records;
  return {
    velocity: rootMeanSquare(all("velocity")),
    force: rootMeanSquare(all("force")),
    /** Between samples, s. */
    step: (time[time.length - 1] - time[0]) / (time.length - 1),
  };
}

export type Scales = ReturnType<typeof scalesOf>;
