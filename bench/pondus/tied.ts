import { nn } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { layersOf, network } from "./network.ts";
import { training } from "./training.ts";

type What = Parameters<typeof nn.tie>[1];

const patterns: Readonly<Record<string, What | undefined>> = {
  free: undefined,
  toeplitz: nn.toeplitz,
  "blocks of 4 x 4": nn.blockEqual(4, 4),
  "blocks of 32 x 32": nn.blockEqual(32, 32),
  "shared rows": nn.sharedRows,
  // Half of all entries, in an order in which neighbours are far apart: 7919 is a prime that divides neither size.
  "random pairs": ([i, j], [rows, columns]) => (((i * columns + j) * 7919) % (rows * columns)) >> 1,
  "two entries": [
    [0, 3],
    [1, 3],
  ],
};

export function tied(data: CaseData, { pattern }: Readonly<Record<string, unknown>>): Promise<Ready> {
  return training(() => {
    const layers = layersOf(data);
    const what = patterns[String(pattern)];
    if (what) for (const { w } of layers.slice(0, 2)) nn.tie(w, what);
    return nn.mse(network(layers, nn.relu, data.constant("x")), data.constant("y"));
  }, 1e-3);
}
