import type { Matrix, MatrixPlot, Plot, Series } from "../../experiment/report/plot.ts";
import { spreadOf } from "../../experiment/spread.ts";
import type { Trained } from "../../experiment/system.ts";
import type * as nn from "../../nn/index.ts";
import type { Accuracies } from "./compare.ts";
import { side } from "./digits.ts";
import type { NetworkName } from "./networks.ts";

export type Found = ReadonlyMap<NetworkName, ReadonlyMap<number, Accuracies>>;

/** Test accuracy against the number of images to learn from, a line to a network. */
export function plotSizes(found: Found): Plot {
  const series = [...found].flatMap(([name, bySize]): Series[] => {
    const test = [...bySize.values()].map((a) => spreadOf(a.test));
    const x = [...bySize.keys()];
    return [{ name, group: name, kind: "line", x, y: test.map(({ mean }) => mean) }, bars(name, name, x, test)];
  });
  return {
    title: "What more images are worth",
    x: { label: "images to learn from", scale: "log" },
    y: { label: "test accuracy" },
    series,
  };
}

/** Both accuracies of each network on the most images. */
export function plotNetworks(found: Found): Plot {
  const last = [...found.values()].map((bySize) => [...bySize.values()].at(-1) as Accuracies);
  const x = last.map((_, i) => i + 1);
  const series = (["train", "test"] as const).flatMap((which): Series[] => {
    const each = last.map((a) => spreadOf(a[which]));
    return [
      { name: which, group: which, kind: "dots", x, y: each.map(({ mean }) => mean) },
      bars(`${which}, spread over seeds`, which, x, each),
    ];
  });
  return { title: "The networks", x: { label: "Net" }, y: { label: "accuracy" }, series };
}

function bars(
  name: string,
  group: string,
  x: readonly number[],
  each: readonly { mean: number; spread: number }[],
): Series {
  const [y, y2] = [-1, 1].map((sign) => each.map(({ mean, spread }) => mean + sign * spread));
  return { name, group, kind: "interval", x, y, y2 };
}

/** What the weights came to look like: bright where they are positive, grey at 0. */
export async function plotKernels(
  { "Net-1": dense, "Net-5": shared, "Net-6": modern }: Readonly<Record<NetworkName, nn.Layer>>,
  evaluate: Trained["evaluate"],
): Promise<MatrixPlot[]> {
  const weights = await evaluate({
    // [digits, pixels]
    digits: dense.children[1].parameters.weight.T,
    first: shared.children[0].parameters.weight,
    second: shared.children[3].parameters.weight,
    modern: modern.children[0].parameters.weight,
  });
  const tiles = (data: ArrayLike<number>, size: number, name: (i: number) => string): Matrix[] =>
    Array.from({ length: data.length / size ** 2 }, (_, i) => ({
      name: name(i),
      columns: size,
      values: Array.from(data).slice(i * size ** 2, (i + 1) * size ** 2),
    }));
  return [
    { title: "Net-1: what speaks for each digit", matrices: tiles(weights.digits.data, side, String) },
    { title: "Net-5: kernels of its two first maps", matrices: tiles(weights.first.data, 3, (i) => `map ${i + 1}`) },
    {
      title: "Net-5: kernels of its four second maps, each on both of the first",
      matrices: tiles(weights.second.data, 5, (i) => `${Math.floor(i / 2) + 1} on ${(i % 2) + 1}`),
    },
    { title: "Net-6: kernels of its first maps", matrices: tiles(weights.modern.data, 5, (i) => `map ${i + 1}`) },
  ];
}
