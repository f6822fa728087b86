import { PondusError } from "../../graph/errors.ts";

/** A grey image: rows of `width` pixels from the top, each from 0 for black to `white`. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly white: number;
  readonly pixels: readonly number[];
}

const space = /\s/;
const line = 10;

/**
 * Reads a portable grey map (Poskanzer's PGM), as text (P2) or as bytes (P5); of a file that holds several images, the first.
 *
 * @param name  what errors call the file
 * @throws `pgm.corrupt`, `image.pixel`
 */
export function readPgm(bytes: Uint8Array, name: string): Grey {
  const magic = String.fromCharCode(...bytes.subarray(0, 2));
  if (magic !== "P2" && magic !== "P5") {
    const came = /^[ -~]+$/.test(magic) ? `"${magic}"` : bytes.length === 0 ? "nothing" : "something else";
    throw new PondusError(
      "pgm.corrupt",
      `${name}: an image in grey as PGM begins with P2 or P5, but ${came} came; save it as PGM.`,
    );
  }
  const words = wordsOf(bytes, 2);
  const [width, height, white] = (["width", "height", "largest value"] as const).map((what) => {
    const word = words.next();
    const value = Number(word);
    if (/^\d+$/.test(word ?? "") && value >= 1 && value <= 65535) return value;
    const came = word === undefined ? "the file ends" : `"${word.slice(0, 20)}" came`;
    throw new PondusError(
      "pgm.corrupt",
      `${name}: in the header the ${what} should be a whole number from 1 to 65535, but ${came}.`,
    );
  });
  const count = width * height;
  const short = (there: number) =>
    new PondusError(
      "pgm.corrupt",
      `${name}: ${width} x ${height} = ${count.toLocaleString("en-US")} pixels are promised, but the file ends after ` +
        `${there.toLocaleString("en-US")}.`,
    );
  const outside = (i: number, came: string) =>
    new PondusError(
      "image.pixel",
      `${name}: pixel ${i + 1} should be a whole number from 0 to ${white}, but ${came} came.`,
    );
  const wide = white > 255 ? 2 : 1;
  // One blank stands between the header and the bytes.
  const body = bytes.subarray(words.at() + 1);
  if (magic === "P5" && body.length < count * wide) throw short(Math.floor(body.length / wide));
  const pixels = Array.from({ length: magic === "P5" ? count : 0 }, (_, i) => {
    const value = wide === 1 ? body[i] : 256 * body[2 * i] + body[2 * i + 1];
    if (value > white) throw outside(i, String(value));
    return value;
  });
  while (pixels.length < count) {
    const word = words.next();
    if (word === undefined) throw short(pixels.length);
    if (!/^\d+$/.test(word) || Number(word) > white) throw outside(pixels.length, `"${word.slice(0, 20)}"`);
    pixels.push(Number(word));
  }
  return { width, height, white, pixels };
}

/** Words between blanks, one after another; from "#" to the end of its line nothing counts. */
function wordsOf(bytes: Uint8Array, from: number) {
  let at = from;
  const isBlank = () => space.test(String.fromCharCode(bytes[at]));
  return {
    /** Where the last word ended. */
    at: () => at,
    next: (): string | undefined => {
      while (at < bytes.length && (isBlank() || bytes[at] === 35)) {
        if (bytes[at] === 35) while (at < bytes.length && bytes[at] !== line) at++;
        else at++;
      }
      const begin = at;
      while (at < bytes.length && !isBlank() && bytes[at] !== 35) at++;
      return begin === at ? undefined : new TextDecoder("latin1").decode(bytes.subarray(begin, at));
    },
  };
}
