import { arange, random, type Tensor, where } from "../../tensor/index.ts";

/**
 * Images moved by chance, each by a pixel up or down, left or right, or not at all: a digit means the same there. What comes
 * in from beyond the edge is paper, 0.
 *
 * @param x  [batch, height, width, 1]
 */
export function moved(x: Tensor, key: Tensor): Tensor {
  const [batch, height, width] = x.shape;
  const by = random.integers(key, [2, batch, 1], 3).sub(1);
  // [batch, height] and [batch, width]: where each row and column comes from.
  const [row, column] = [height, width].map((n, axis) => arange(n).add(by.at(axis)));
  const within = (at: Tensor, n: number) => at.ge(0).and(at.lt(n));
  const inside = within(row, height).unsqueeze(2).and(within(column, width).unsqueeze(1));
  const image = arange(batch)
    .mul(height * width)
    .reshape([batch, 1, 1]);
  const from = image.add(row.mul(width).unsqueeze(2)).add(column.unsqueeze(1));
  return where(inside, x.flatten().gather(from), 0).reshape(x.shape);
}
