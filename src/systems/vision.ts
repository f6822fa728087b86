import type { Metrics } from "../experiment/metrics.ts";
import { spreadOf } from "../experiment/spread.ts";
import { defineSystem } from "../experiment/system.ts";
import { count } from "../ledger/counts.ts";
import type * as nn from "../nn/index.ts";
import { tensor } from "../tensor/functions.ts";
import { trainOn } from "./vision/compare.ts";
import { connections, sharing } from "./vision/connections.ts";
import { type Digits, mnist, readDigits, side } from "./vision/digits.ts";
import { type Found, plotKernels, plotNetworks, plotSizes } from "./vision/figures.ts";
import { readImages } from "./vision/images.ts";
import { type NetworkName, networkNames, networks, published } from "./vision/networks.ts";

/** How many networks of each kind, from seeds that follow each other, and how many images they learn from; all besides. */
const whole = { seeds: 5, sizes: [400, 1600] };
const short = { seeds: 2, sizes: [400] };

/**
 * What a network gains when its weights are shared: LeCun's comparison of 1989 on real digits, with a larger network of
 * today beside his. Where he had 320 images drawn with a mouse by one hand and 160 to test with, here 8,000 and 2,000 come
 * from many; he asked for targets by squared errors, here the loss is cross entropy.
 *
 * All networks take the same number of steps on the same number of images a step, however many images there are.
 */
export default defineSystem({
  name: "vision",
  title: "Shared weights",
  summary:
    "LeCun's five networks of 1989 and a larger one of today read handwritten digits: what sharing weights is worth.",
  settings: { steps: 2000, learningRate: 2e-2 },
  quick: { steps: 500 },
  read: readDigits,

  model: (_: Digits | undefined) =>
    Object.fromEntries(networkNames.map((name) => [name, networks[name]()])) as Record<NetworkName, nn.Layer>,

  network: (model) => ({ input: [side, side, 1], apply: model["Net-6"] }),

  async train(session) {
    const { model, quick, evaluate } = session;
    const digits = session.data ?? mnist();
    const { seeds, sizes: parts } = quick ? short : whole;
    const sizes = [...parts.filter((size) => size < digits.training), digits.training];
    const found = new Map<NetworkName, Awaited<ReturnType<typeof trainOn>>>();
    for (const name of networkNames) found.set(name, await trainOn(session, name, digits, { seeds, sizes }));
    return {
      metrics: {
        seeds,
        nets: Object.fromEntries(networkNames.map((name) => [name, row(model[name], found, name)])),
        sizes: bySize(found, sizes),
        gains: gains(found, sizes),
        sharing: Object.fromEntries(
          networkNames.flatMap((name) =>
            sharing(model[name]).map(({ layer, ...counts }) => [`${name} ${layer}`, counts]),
          ),
        ),
        published,
        ...ordering(found),
      },
      tables: [
        {
          title: `Learned from ${digits.training.toLocaleString("en-US")} images`,
          of: "nets",
          heading: "net",
          columns: { connections: "connections", knobs: "knobs", train: "train", test: "test", gap: "gap" },
        },
        { title: "Test accuracy", of: "sizes", heading: "images", columns: named(sizes) },
        { title: "What is gained on the test", of: "gains", heading: "images", columns: named(sizes) },
        {
          title: "Kernels",
          of: "sharing",
          heading: "layer",
          columns: { shared: "shared", unshared: "one to a place", places: "places", ratio: "ratio" },
        },
        {
          title: "LeCun 1989",
          of: "published",
          heading: "net",
          columns: { connections: "connections", knobs: "knobs", test: "test" },
        },
      ],
      plots: [plotSizes(found), plotNetworks(found), ...(await plotKernels(model, evaluate))],
    };
  },

  async answer({ model, evaluate }, inputs) {
    const images = inputs.flatMap(readImages);
    const pixels = Float32Array.from(images.flatMap((image) => Array.from(image.pixels)));
    const x = tensor(pixels, { shape: [images.length, side, side, 1] });
    const read = await evaluate(Object.fromEntries(networkNames.map((name) => [name, model[name](x).argmax()])));
    const { chance } = await evaluate({ chance: model["Net-6"](x).softmax().max(-1) });
    return {
      image: images.map(({ name }) => name),
      ...Object.fromEntries(networkNames.map((name) => [name, read[name].data])),
      chance: chance.data,
    };
  },
});

const named = (sizes: readonly number[]) =>
  Object.fromEntries(sizes.map((size) => [size, size.toLocaleString("en-US")]));

/** A network's counts, and what it came to on all images. */
function row(net: nn.Layer, found: Found, name: NetworkName): Metrics {
  const { train, test } = [...(found.get(name)?.values() ?? [])].at(-1) as { train: number[]; test: number[] };
  return {
    connections: connections(net),
    knobs: count(net).parameters.trainable,
    train: spreadOf(train),
    test: spreadOf(test),
    gap: spreadOf(train.map((right, i) => right - test[i])),
  };
}

const testOf = (found: Found, name: NetworkName, size: number) => found.get(name)?.get(size)?.test ?? [];

function bySize(found: Found, sizes: readonly number[]): Metrics {
  const each = (name: NetworkName) => sizes.map((size) => [size, spreadOf(testOf(found, name, size))]);
  return Object.fromEntries(networkNames.map((name) => [name, Object.fromEntries(each(name))]));
}

/** From Net-3, which sees patches, to those that share kernels: seed by seed, how much more of the test is right. */
function gains(found: Found, sizes: readonly number[]): Metrics {
  const steps: [from: NetworkName, to: NetworkName][] = [
    ["Net-3", "Net-4"],
    ["Net-4", "Net-5"],
    ["Net-3", "Net-5"],
  ];
  const each = ([from, to]: [NetworkName, NetworkName]) =>
    sizes.map((size) => {
      const before = testOf(found, from, size);
      return [size, spreadOf(testOf(found, to, size).map((right, i) => right - before[i]))];
    });
  return Object.fromEntries(steps.map((step) => [step.join(" to "), Object.fromEntries(each(step))]));
}

/** Whether sharing brought on the test what it brought LeCun, Net-3 < Net-4 < Net-5; and for how many of the seeds. */
function ordering(found: Found): Metrics {
  const last = (name: NetworkName) => [...(found.get(name)?.values() ?? [])].at(-1)?.test ?? [];
  const his = (["Net-3", "Net-4", "Net-5"] as const).map(last);
  const rises = (values: readonly number[]) => values.every((v, i) => i === 0 || v > values[i - 1]);
  const seeds = his[0].map((_, seed) => rises(his.map((test) => test[seed])));
  return {
    ordered: rises(his.map((test) => spreadOf(test).mean)),
    orderedSeeds: seeds.filter(Boolean).length,
  };
}
