import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PondusError } from "pondus";
import { bytesOf, decodeSafetensors, encodeSafetensors, readCsv, readSafetensors, type Source } from "pondus/io";
import { afterAll, describe, expect, test } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "pondus-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Everything that holds the same bytes. */
function holders(bytes: Uint8Array<ArrayBuffer>): Record<string, Source> {
  const path = join(scratch, "held");
  writeFileSync(path, bytes);
  const inside = new Uint8Array(bytes.length + 7);
  inside.set(bytes, 3);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return {
    path,
    bytes,
    "a part of other bytes": inside.subarray(3, 3 + bytes.length),
    "Node's Buffer": Buffer.from(bytes),
    "an ArrayBuffer": bytes.buffer,
    "memory that threads share": shared,
    "a Blob": new Blob([bytes]),
    "a File": new File([bytes], "held"),
    "a Response": new Response(bytes),
    "a promise of a Response": Promise.resolve(new Response(bytes)),
    "a promise of bytes": Promise.resolve(bytes),
  };
}

const now = ["path", "bytes", "a part of other bytes", "Node's Buffer", "an ArrayBuffer", "memory that threads share"];

const weights = encodeSafetensors({
  tensors: { w: { shape: [2], dtype: "float64", data: new Float64Array([1.5, -2]) } },
  metadata: { by: "test" },
});
const table = new TextEncoder().encode("time,count\n0,1\n1,2.5\n") as Uint8Array<ArrayBuffer>;

describe("the same is read from whatever holds the bytes: at once what is there, as a promise what arrives later", () => {
  test.each(Object.keys(holders(weights)))("%s", async (name) => {
    const file = readSafetensors(holders(weights)[name]);
    expect(file instanceof Promise).toBe(!now.includes(name));
    expect(await file).toEqual(decodeSafetensors(weights));
    const read = readCsv(holders(table)[name]);
    expect(read instanceof Promise).toBe(!now.includes(name));
    const { columns, rows } = await read;
    expect([columns, rows.map(({ cells }) => cells)]).toEqual([
      ["time", "count"],
      [
        ["0", "1"],
        ["1", "2.5"],
      ],
    ]);
    expect([...(await bytesOf(holders(table)[name]))]).toEqual([...table]);
  });
});

const thrown = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

test("a response that is no success, or that was read before, is refused", async () => {
  const missing = () => new Response("not here", { status: 404, statusText: "Not Found" });
  await expect(readCsv(missing())).rejects.toEqual(
    thrown("source.response", /^the response: the server answered 404 Not Found; check the address/),
  );
  await expect(readSafetensors(Promise.resolve(missing()))).rejects.toEqual(thrown("source.response", /404/));
  const once = new Response(table);
  await readCsv(once);
  await expect(readCsv(once)).rejects.toEqual(thrown("source.response", /read already; give response\.clone\(\)/));
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  [12, "a number"],
  [new Float32Array(2), "a value of the class Float32Array"],
  [new URL("https://example.org/w.safetensors"), "a value of the class URL"],
  [{ path: "x" }, "a value of the class Object"],
])("%s holds no bytes", (source, came) => {
  expect(() => readCsv(source as never)).toThrow(
    thrown("source.type", new RegExp(`^bytes are read from the path of a file, a Uint8Array.*, but ${came} came\\.$`)),
  );
});

test("what arrives later rejects with the cause of its own", async () => {
  const cause = new TypeError("fetch failed");
  await expect(readSafetensors(Promise.reject(cause))).rejects.toBe(cause);
  await expect(readSafetensors(Promise.resolve(12) as never)).rejects.toEqual(thrown("source.type", /a number came/));
  await expect(readSafetensors(new File(["{}"], "mine.safetensors"))).rejects.toThrow(/^mine\.safetensors is not/);
});

test("a table of any bytes is read or refused with an error of Pondus", () => {
  const texts = fc.array(fc.constantFrom("time", "1", "2.5", ",", "\n", "\r", '"', ";", "\t", "#", " ", "é", "\0"));
  const text = texts.map((parts) => new TextEncoder().encode(parts.join("")));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), text), (bytes) => {
      try {
        for (const { cells } of readCsv(bytes).rows) expect(cells.every((cell) => typeof cell === "string")).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(PondusError);
      }
    }),
    { numRuns: 2000 },
  );
});
