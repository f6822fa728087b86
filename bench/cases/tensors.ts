import type { Random } from "../random.ts";
import type { Data, HostTensor } from "./case.ts";

/** A tensor from a function that gives one number after another. */
export function fill(shape: readonly number[], next: (index: number) => number): HostTensor {
  const count = shape.reduce((n, length) => n * length, 1);
  return { shape, data: Float32Array.from({ length: count }, (_, i) => next(i)) };
}

export function uniform(random: Random, shape: readonly number[], low = -1, high = 1): HostTensor {
  return fill(shape, () => random.between(low, high));
}

/**
 * Weights of a dense network: w0, b0, w1, ...; w[i] is [in, out].
 *
 * @param spread  standard deviation of a weight, from its numbers of inputs and outputs
 */
export function dense(
  random: Random,
  widths: readonly number[],
  spread: (inputs: number, outputs: number) => number,
): Data {
  const weights: Record<string, HostTensor> = {};
  for (let i = 0; i + 1 < widths.length; i++) {
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    const deviation = spread(inputs, outputs);
    weights[`w${i}`] = fill([inputs, outputs], () => deviation * random.normal());
    weights[`b${i}`] = uniform(random, [outputs], -0.1, 0.1);
  }
  return weights;
}

/**
 * Weights of a convolution: kernel[i] [outputs, inputs, size, size] and bias[i] [outputs].
 *
 * @param spread  standard deviation of a weight, from the numbers that enter and leave one unit
 */
export function convolution(
  random: Random,
  i: number,
  [outputs, inputs, size]: readonly [number, number, number],
  spread: (inputs: number, outputs: number) => number,
): Data {
  const deviation = spread(inputs * size * size, outputs * size * size);
  return {
    [`kernel${i}`]: fill([outputs, inputs, size, size], () => deviation * random.normal()),
    [`bias${i}`]: uniform(random, [outputs], -0.1, 0.1),
  };
}

/** A class for each of `count` samples: [count, classes], ones and zeros. */
export function oneHot(random: Random, count: number, classes: number): HostTensor {
  const chosen = Array.from({ length: count }, () => Math.floor(classes * random.uniform()));
  return fill([count, classes], (i) => Number(chosen[Math.floor(i / classes)] === i % classes));
}

/** For relu (He et al. 2015) and for tanh (Glorot & Bengio 2010). */
export const he = (inputs: number) => Math.sqrt(2 / inputs);
export const glorot = (inputs: number, outputs: number) => Math.sqrt(2 / (inputs + outputs));

/** Multiplications of one sample's way through the network. */
export function multiplications(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
}

/**
 * Float operations of a training step, the matrix products alone: forward, the gradient of the weights, and the gradient
 * of every layer's input but the first, each one multiplication and one addition per weight and sample.
 */
export function stepFlops(batch: number, widths: readonly number[]): number {
  return 2 * batch * (3 * multiplications(widths) - widths[0] * widths[1]);
}

/** For [sum, sum of squares, single numbers ...] of `count` numbers: a sum may cancel, so it is held to its numbers' size. */
export function sumTolerances(reference: readonly number[], count: number): number[] {
  const squares = reference[1];
  return reference.map(
    (_, i) => 1e-4 * (i === 0 ? Math.sqrt(squares * count) : i === 1 ? squares : Math.sqrt(squares / count)),
  );
}
