import { slotsOf } from "../../graph/control.ts";
import { bytesIn } from "../../graph/shape.ts";
import { bytesWritten, flopsOfNode } from "../ir/cost.ts";
import type { Batch } from "./batch-axes.ts";

export interface Limits {
  /** What fits into a core's own cache beside the weights. */
  readonly blockBytes: number;
  /** A batch that takes no more bytes than this is not worth cutting. */
  readonly smallBatch: number;
  /** Fewer samples than this are none, unless a loop runs along them. */
  readonly samples: number;
}

export const usual: Limits = { blockBytes: 2 ** 19, smallBatch: 2 ** 18, samples: 128 };

/** Fewer rows do not fill a register tile. */
export const fewestRows = 12;

/** Samples in a block; undefined where blocks do not pay. It is the same on every machine, as results must be. */
export function rowsOf(batch: Batch, limits: Limits): number | undefined {
  if (batch.loops.size > 0) return rowsOfLoops(batch, limits);
  const { blockBytes, smallBatch, samples } = limits;
  const products = [...batch.axis.keys(), ...batch.totals.keys()].filter((node) => node.op === "contract").length;
  const perSample = workOf(batch).bytes / batch.size;
  if (batch.size < samples || products < 3 || perSample * batch.size < smallBatch) return undefined;
  if (totalBytes(batch) > blockBytes / 2) return undefined;
  const wanted = blockBytes / perSample;
  if (wanted < fewestRows) return undefined;
  const most = Math.min(1.5 * wanted, batch.size / 4);
  const fitting: number[] = [];
  for (let rows = Math.floor(most); rows >= Math.max(fewestRows, most / 4); rows--) {
    if (batch.size % rows === 0) fitting.push(rows);
  }
  return inWholeVectors(fitting)[0];
}

/** Of several choices those that fill vectors of any machine, should these come to lie along the block (batch-last.ts). */
function inWholeVectors(choices: readonly number[]): readonly number[] {
  const whole = choices.filter((rows) => rows % 16 === 0);
  return whole.length > 0 ? whole : choices;
}

/**
 * What the iterations of a loop pass on is as large as all iterations, whatever the block. Blocks pay there because threads meet once
 * a step and not once a kernel of each iteration, of which most are too small to share, and because what an iteration computes stays
 * in the first cache: an LSTM of 128 units, 64 steps and 32 samples is 1.08 times as fast on two threads (1.4 times where
 * others want the cores too) and as fast on one; one of 32 units 1.9 times; a neural ODE of 64 units and 256 samples 2
 * times, and 1.5 times on one. Where an iteration reads more weights than a core's cache holds, every block would read them anew
 * (512 units: 0.93 times on one).
 */
function rowsOfLoops(batch: Batch, { blockBytes, smallBatch }: Limits): number | undefined {
  const { bytes, flops } = workOf(batch);
  if (flops === 0 || bytes < 4 * smallBatch || weightBytes(batch) > 2 * blockBytes) return undefined;
  const wanted = Math.max(fewRowsInLoop, Math.min(manyRowsInLoop, batch.size / 4));
  const fitting = Array.from({ length: Math.floor(batch.size / 2) + 1 }, (_, rows) => rows)
    .filter((rows) => rows >= fewestRows && rows <= 1.5 * manyRowsInLoop && batch.size % rows === 0)
    .sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
  const choices = inWholeVectors(fitting);
  // Two threads have as many of an even number.
  const rows = choices.find((n) => (batch.size / n) % 2 === 0) ?? choices[0];
  if (rows === undefined) return undefined;
  const blocks = batch.size / rows;
  const totals = totalBytes(batch);
  return totals > blockBytes / 2 && flops / blocks < flopsPerByte * totals ? undefined : rows;
}

/** Two register tiles: fewer rows read the weights more often. */
const fewRowsInLoop = 16;

/** More rows make no product faster (256 samples of that LSTM: as fast with 16, 32, 64 and 128). */
const manyRowsInLoop = 32;

/** A block writes its totals, and they are read once more when they are summed: a byte takes as long as tens of operations. */
const flopsPerByte = 256;

const totalBytes = ({ totals }: Batch) => [...totals.keys()].reduce((n, x) => n + bytesIn(x), 0);

/** What the iterations of the hungriest loop read again and again, whatever the samples. */
function weightBytes({ loops }: Batch): number {
  const shared = [...loops.values()].map(({ loop, body, at }) => {
    const own = slotsOf(loop).reduce((n, s) => n + (at.has(s) ? 0 : bytesIn(s.input)), 0);
    return Math.max(own, weightBytes(body));
  });
  return Math.max(0, ...shared);
}

interface Work {
  /** That are written, more or less: what sums and functions that are costly give. */
  readonly bytes: number;
  /** Of products. */
  readonly flops: number;
}

/** What is done for all samples, in all iterations. */
function workOf({ axis, totals, loops }: Batch): Work {
  let [bytes, flops] = [bytesWritten(axis.keys()), 0];
  for (const node of [...axis.keys(), ...totals.keys()]) if (node.is("contract")) flops += flopsOfNode(node);
  for (const { loop, body } of loops.values()) {
    const iteration = workOf(body);
    bytes += loop.length * iteration.bytes;
    flops += loop.length * iteration.flops;
  }
  return { bytes, flops };
}
