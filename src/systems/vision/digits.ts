import { once } from "../../experiment/data/once.ts";
import { packageFile } from "../../experiment/data/package-file.ts";
import { PondusError } from "../../graph/errors.ts";
import { numbers, type Table } from "../../io/csv.ts";
import { readBytes } from "../../io/files.ts";
import { textOf } from "../../io/text.ts";
import { shrink } from "./shrink.ts";

/** Pixels along a side of what the networks see. */
export const side = 16;

/** Pixels along a side of an image as MNIST has it. */
export const original = 28;

/** Images of digits with their labels. */
export interface Digits {
  /**
   * [count, side, side]: 0 where the paper is bare, 1 where the ink is; what a convolution's padding adds is paper then. Those
   * to learn from come first.
   */
  readonly images: Float32Array;
  /** [count]: 0 to 9. */
  readonly labels: Int32Array;
  /** How many to learn from; the rest is for the test. Their classes alternate, so that fewer of them are balanced too. */
  readonly training: number;
}

/** How many of each digit are kept for the test. */
const tested = 200;

/**
 * Ten thousand digits of MNIST (LeCun, Bottou, Bengio & Haffner, Proc. IEEE 86, 2278, 1998), as the package `mnist` has
 * them: the first ten thousand of the training set, 863 to 1,127 of each digit. The last 200 of each are the test, the
 * other 8,000 are to learn from. They are read at the first call.
 *
 * @throws `package.missing`
 */
export const mnist = once(() =>
  parted(
    Array.from({ length: 10 }, (_, digit) => {
      const file = packageFile("mnist", `src/digits/${digit}.json`, "the system vision learns from the digits of");
      const pixels: number[] = JSON.parse(textOf(readBytes(file), file)).data;
      return Array.from({ length: pixels.length / original ** 2 }, (_, i) =>
        seen(pixels.slice(i * original ** 2, (i + 1) * original ** 2), 1),
      );
    }),
    () => tested,
  ),
);

/**
 * A user's own digits: a column of labels and then one for each pixel, row by row from the top, 16 x 16 or 28 x 28, from
 * 0 for bare paper to 255 for ink. The last fifth of each digit is the test.
 *
 * @throws `image.size`, `image.label`, `image.pixel`, `data.short`, and what `numbers` throws
 */
export function readDigits(table: Table): Digits {
  const [label, ...pixels] = table.columns;
  checkSize(pixels.length, (size) => `${table.name}: ${size} columns came beside the labels ("${label}")`);
  const labels = numbers(table, label);
  const columns = pixels.map((name) => numbers(table, name));
  const place = (column: string, row: number) => `${table.name}:${table.rows[row].line}: column "${column}"`;
  let brightest = 0;
  const classes: Float64Array[][] = Array.from({ length: 10 }, () => []);
  labels.values.forEach((digit, row) => {
    if (!(Number.isInteger(digit) && digit >= 0 && digit <= 9)) {
      throw new PondusError("image.label", `${place(label, row)}: a label is a digit from 0 to 9, but ${digit} came.`);
    }
    const image = columns.map(({ name, values }) => {
      const value = values[row];
      if (value < 0 || value > 255) {
        throw new PondusError("image.pixel", `${place(name, row)}: a pixel is 0 to 255, but ${value} came.`);
      }
      brightest = Math.max(brightest, value);
      return value;
    });
    classes[digit].push(seen(image, 255));
  });
  if (brightest <= 1) {
    throw new PondusError(
      "image.pixel",
      `${table.name}: pixels are 0 for bare paper to 255 for ink, but none is above 1; multiply them by 255.`,
    );
  }
  const rare = classes.findIndex((images) => images.length < fewest);
  if (rare >= 0) {
    throw new PondusError(
      "data.short",
      `${table.name}: of each digit at least ${fewest} images are needed, to learn from and to test with, but of ${rare} ` +
        `${classes[rare].length} came.`,
    );
  }
  return parted(classes, (count) => Math.floor(count / 5));
}

const fewest = 5;

/**
 * An image as the networks see it, [side, side] from 0 to 1.
 *
 * @param pixels  16 x 16 or 28 x 28, from 0 for bare paper
 * @param ink     what a pixel full of ink has
 */
export function seen(pixels: ArrayLike<number>, ink: number): Float64Array {
  const small = pixels.length === side ** 2 ? Float64Array.from(pixels) : shrink(pixels, original, side);
  return small.map((value) => value / ink);
}

/** Throws `image.size` unless so many numbers are an image; `came` says in words what there was. */
export function checkSize(count: number, came: (count: string) => string): void {
  if (count === side ** 2 || count === original ** 2) return;
  throw new PondusError(
    "image.size",
    `${came(count.toLocaleString("en-US"))}, but an image has ${side} x ${side} = ${side ** 2} or ` +
      `${original} x ${original} = ${original ** 2} pixels.`,
  );
}

/** Those to learn from, one of each class in turn, then the last of each class. */
function parted(classes: readonly (readonly Float64Array[])[], test: (count: number) => number): Digits {
  const cut = classes.map((images) => images.length - test(images.length));
  const longest = Math.max(...cut);
  const order: [image: Float64Array, label: number][] = [];
  for (let i = 0; i < longest; i++) {
    classes.forEach((images, digit) => {
      if (i < cut[digit]) order.push([images[i], digit]);
    });
  }
  const training = order.length;
  classes.forEach((images, digit) => {
    for (const image of images.slice(cut[digit])) order.push([image, digit]);
  });
  const images = new Float32Array(order.length * side ** 2);
  order.forEach(([image], i) => {
    images.set(image, i * side ** 2);
  });
  return { images, labels: Int32Array.from(order, ([, label]) => label), training };
}
