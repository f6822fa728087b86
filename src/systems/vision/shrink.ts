/**
 * A square image with fewer pixels: each is the mean of the area that it covers, and where it covers a part of an old
 * pixel, that part counts. The mean of the image stays.
 *
 * @param image  rows of `from` x `from` pixels
 * @param to     pixels along a side of the new one, at most `from`
 */
export function shrink(image: ArrayLike<number>, from: number, to: number): Float64Array {
  const overlap = overlaps(from, to);
  const out = new Float64Array(to * to);
  // In units of 1 / to of an old pixel a new one is `from` long, so all weights are whole numbers.
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) {
      let sum = 0;
      for (const [row, high] of overlap[y])
        for (const [column, wide] of overlap[x]) sum += high * wide * image[row * from + column];
      out[y * to + x] = sum / from ** 2;
    }
  }
  return out;
}

/** For every new pixel along a side, the old ones that it covers, and how much of each in units of 1 / to. */
function overlaps(from: number, to: number): [old: number, length: number][][] {
  return Array.from({ length: to }, (_, i) => {
    const [begin, end] = [i * from, (i + 1) * from];
    const first = Math.floor(begin / to);
    return Array.from({ length: Math.ceil(end / to) - first }, (_, k): [number, number] => {
      const old = first + k;
      return [old, Math.min(end, (old + 1) * to) - Math.max(begin, old * to)];
    });
  });
}
