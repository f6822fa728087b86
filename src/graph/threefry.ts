/**
 * Threefry-2x32, 20 rounds: a counter-based random generator (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11). A key is data; the same key and counter give the same bits everywhere.
 */

/** Rotation distances of the eight distinct rounds. */
export const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** Skein's key-schedule parity constant, as a signed 32-bit integer. */
export const parity = 0x1bd11bda;

/** Two 32-bit words (as signed integers) from a key and a counter of two words each. */
export function threefry(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, key[0] ^ key[1] ^ parity];
  let a = (counter[0] + schedule[0]) | 0;
  let b = (counter[1] + schedule[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const r = rotations[round % 8];
    a = (a + b) | 0;
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = (a + schedule[injection % 3]) | 0;
      b = (b + schedule[(injection + 1) % 3] + injection) | 0;
    }
  }
  return [a, b];
}

/** A stream of numbers on the JavaScript side, for initial values and shuffles. */
export class Stream {
  readonly #key: readonly [number, number];
  #counter = 0;

  constructor(seed: number, index = 0) {
    this.#key = threefry([seed | 0, Math.floor(seed / 2 ** 32) | 0], [index, 0x70d]);
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const [a, b] = threefry(this.#key, [this.#counter++, 0]);
    return ((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53;
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
