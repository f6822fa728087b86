import { exists, isFolder, join, namesIn } from "#host/files";
import { typedNumbers } from "../../experiment/data/typed-numbers.ts";
import { PondusError } from "../../graph/errors.ts";
import { readBytes } from "../../io/files.ts";
import { checkSize, original, seen, side } from "./digits.ts";
import { readPgm } from "./pgm.ts";

/** An image to be read, as the networks see it. */
export interface Image {
  readonly name: string;
  readonly pixels: Float64Array;
}

/**
 * Images as a user names them on the command line: a PGM file, a folder of such, or the pixels themselves, from 0 for
 * bare paper to 255 for ink, row by row with commas between. Each has 16 x 16 or 28 x 28 pixels, and as in MNIST the ink is
 * bright.
 *
 * @throws `image.folder`, `image.size`, `image.pixel`, `image.size`, `file.*`, `pgm.*`, `predict.input`
 */
export function readImages(given: string): Image[] {
  if (/^[\d\s.,+-]+$/.test(given) && !exists(given)) return [typedImage(given)];
  if (!isFolder(given)) return [imageFile(given)];
  const files = namesIn(given).filter((file) => /\.pgm$/i.test(file));
  if (files.length > 0) return files.map((file) => imageFile(join(given, file)));
  throw new PondusError(
    "image.folder",
    `${given}: no file in this folder ends in .pgm; images of digits belong in it.`,
  );
}

function imageFile(path: string): Image {
  const { width, height, white, pixels } = readPgm(readBytes(path), path);
  if (width === height && (width === side || width === original)) return { name: path, pixels: seen(pixels, white) };
  throw new PondusError(
    "image.size",
    `${path}: an image of a digit is ${side} x ${side} or ${original} x ${original} pixels here, but ${width} x ${height} ` +
      "came; cut or scale it.",
  );
}

function typedImage(text: string): Image {
  const pixels = typedNumbers(text);
  checkSize(pixels.length, (count) => `predict: ${count} ${count === "1" ? "number" : "numbers"} came`);
  const odd = pixels.find((value) => value < 0 || value > 255);
  if (odd !== undefined) throw new PondusError("image.pixel", `predict: a pixel is 0 to 255, but ${odd} came.`);
  return { name: "as typed", pixels: seen(pixels, 255) };
}
