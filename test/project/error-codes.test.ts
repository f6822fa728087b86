import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "../../src/graph/error-codes.ts";
import { errorsPage } from "./errors-page.ts";

const src = join(import.meta.dirname, "../../src");
const sources = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/graph[\\/]error-codes\.ts$/.test(file))
  .map((file) => ({ file, text: readFileSync(join(src, file), "utf8") }));

const listed = Object.values(errorCodes).flatMap((codes) => Object.entries<string>(codes));
const known = new Set(listed.map(([code]) => code));

test("docs/errors.md explains every code; `npm test -- error-codes -u` writes it anew", async () => {
  await expect(errorsPage()).toMatchFileSnapshot("../../docs/errors.md");
});

test("a code is listed once, with sentences", () => {
  expect(known.size).toBe(listed.length);
  expect(listed.filter(([, text]) => !/^[A-Z`a-z].*\.$/.test(text))).toEqual([]);
});

/** The codes of a file's errors: what an error is made with, on its own or by choice, and the code of what was no PondusError. */
const thrownIn = (text: string) =>
  [...text.matchAll(/new PondusError\(|super\(|\bcode: /g)].flatMap(({ index, 0: opening }) => {
    const [first] = text.slice(index + opening.length).split(/,|\}|\n\n/, 1);
    return [...first.matchAll(/"([^"]*)"/g)].map(([, code]) => code);
  });

test("every code that is listed is thrown somewhere", () => {
  const thrown = new Set(sources.flatMap(({ text }) => thrownIn(text)));
  expect([...known].filter((code) => !thrown.has(code))).toEqual([]);
});

test("every code that is thrown is listed", () => {
  const unknown = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/new PondusError\(\s*(["`])(.*?)\1/g)]
      .filter(([, , code]) => !known.has(code))
      .map(([, , code]) => `${file}: ${code}`),
  );
  expect(unknown).toEqual([]);
});

test("a comment that says what is thrown names codes that exist", () => {
  const areas = new Set([...known].filter((code) => code.includes(".")).map((code) => code.split(".")[0]));
  const comment = /\/\*\*[\s\S]*?\*\//g;
  const unknown = sources.flatMap(({ file, text }) =>
    [...text.matchAll(comment)]
      .filter(([said]) => /throws/i.test(said))
      .flatMap(([said]) => [...said.slice(said.search(/throws/i)).matchAll(/`([a-zA-Z]+)\.([a-zA-Z-]+)`/g)])
      .filter(([, area, thing]) => areas.has(area) && !known.has(`${area}.${thing}`))
      .map(([said]) => `${file}: ${said}`),
  );
  expect(unknown).toEqual([]);
});

test("the library imports the type of the codes alone, so that a web page does not load their texts", () => {
  const loading = sources.filter(({ text }) => /^(?:import|export) (?!type\b)[^;]*error-codes/m.test(text));
  expect(loading.map(({ file }) => file)).toEqual([]);
});
