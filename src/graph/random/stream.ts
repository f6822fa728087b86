import { PondusError } from "../errors.ts";
import { threefry } from "./threefry.ts";

/**
 * What a seed is used for. Each use has a stream of its own, so that what one of them draws says nothing about another:
 * a row that is held out is not the first weight. Numbers that a seed gave before depend on these words, so they stay.
 */
export const uses = {
  initialize: 0x70d,
  /** Weights that are read before anything initialized them. */
  uninitialized: 0x719,
  /** The orders in which epochs take their rows. */
  batches: 0x71a,
  holdOut: 0x70e,
  /** The key that a loss is given at each step. */
  training: 0x70f,
  /** What layers draw while they are trained, such as dropout. */
  layers: 0x710,
  /** Unit moves of an equivalent network. */
  moves: 0x711,
  /** Inputs on which a network is looked at. */
  inputs: 0x712,
  /** Random signs that estimate a sum of squares (Hutchinson). */
  signs: 0x713,
  lanczos: 0x714,
  spectralDensity: 0x715,
  /** Data of the worked systems. */
  simulation: 0x716,
  measurementNoise: 0x717,
  /** Characters that a model of text draws. */
  writing: 0x718,
} as const;

export type Use = keyof typeof uses;

/**
 * The two 32-bit words (as signed integers, the low one first) of a whole number below 2^64.
 *
 * @param what  what asks for it, at the beginning of the message
 * @throws `random.seed` unless `value` is a whole number from 0 to 2^53, or a bigint from 0 to 2^64 - 1
 */
export function wordsOf(what: string, value: number | bigint): [number, number] {
  const isWhole =
    typeof value === "bigint"
      ? value >= 0n && value < 2n ** 64n
      : Number.isInteger(value) && value >= 0 && value <= 2 ** 53;
  if (!isWhole) {
    const came = typeof value === "bigint" ? `${value}n` : String(value);
    throw new PondusError(
      "random.seed",
      `${what} takes a whole number from 0 to 2^53, or a bigint from 0 to 2^64 - 1, but ${came} came.`,
    );
  }
  const whole = BigInt(value);
  return [Number(BigInt.asIntN(32, whole)), Number(BigInt.asIntN(32, whole >> 32n))];
}

/** The Threefry key of stream `index` of a seed, for one use. */
export function streamKey(seed: number | bigint, use: Use, index = 0): Int32Array {
  return threefry(wordsOf("a seed", seed), index, uses[use]);
}

/** A stream of numbers on the JavaScript side, for initial values and shuffles. */
export class Stream {
  readonly #key: Int32Array;
  readonly #words = new Int32Array(2);
  #counter = 0;

  /** @throws `random.seed` unless the seed is a whole number from 0 to 2^53, or a bigint below 2^64 */
  constructor(seed: number | bigint, use: Use, index = 0) {
    this.#key = streamKey(seed, use, index);
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const words = threefry(this.#key, this.#counter++, 0, this.#words);
    return ((words[0] >>> 5) * 2 ** 26 + (words[1] >>> 6)) / 2 ** 53;
  }

  /** Standard normal (Box & Muller, Ann. Math. Stat. 29, 610, 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A whole number in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }
}
