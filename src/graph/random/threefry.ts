/**
 * Threefry-2x32, 20 rounds: a counter-based random generator (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11). A key is data; the same key and counter give the same bits everywhere.
 */

/** Rotation distances of the eight distinct rounds. */
export const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** Skein's key-schedule parity constant, as a signed 32-bit integer. */
export const parity = 0x1bd11bda;

/**
 * Two 32-bit words (as signed integers) from a key and a counter of two words each.
 *
 * @param words  where to put them, so that a caller that asks millions of times need not allocate an array each time
 */
export function threefry(
  key: ArrayLike<number>,
  counter0: number,
  counter1: number,
  words: Int32Array = new Int32Array(2),
): Int32Array {
  // The next two to be added, and the one after.
  let [x, y, z] = [key[1] | 0, key[0] ^ key[1] ^ parity, key[0] | 0];
  let a = (counter0 + key[0]) | 0;
  let b = (counter1 + key[1]) | 0;
  for (let round = 0; round < 20; round++) {
    const r = rotations[round % 8];
    a = (a + b) | 0;
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if (round % 4 === 3) {
      a = (a + x) | 0;
      b = (b + y + (round + 1) / 4) | 0;
      [x, y, z] = [y, z, x];
    }
  }
  words[0] = a;
  words[1] = b;
  return words;
}
