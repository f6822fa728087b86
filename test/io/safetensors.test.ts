import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PondusError } from "pondus";
import { decodeSafetensors, encodeSafetensors, readSafetensors, type StoredTensor, writeSafetensors } from "pondus/io";
import { expect, test } from "vitest";

/** The bytes of a file, put together as the format's own description says. */
function file(header: unknown, body: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return new Uint8Array([...length, ...text, ...body]);
}

const two = new Uint8Array(new Float32Array([1.5, -2]).buffer);
const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };

test("reads a file made by hand from the format's description", () => {
  const { tensors, metadata } = decodeSafetensors(file({ __metadata__: { by: "hand" }, x: entry }, two), "x");
  expect(metadata).toEqual({ by: "hand" });
  expect(tensors.x).toEqual({ shape: [2], dtype: "float32", data: new Float32Array([1.5, -2]) });
});

const stored = fc
  .tuple(fc.constantFrom("float32", "float64", "int32"), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }))
  .chain(([dtype, shape]): fc.Arbitrary<StoredTensor> => {
    const size = shape.reduce((n, m) => n * m, 1);
    const options = { minLength: size, maxLength: size };
    if (dtype === "float32") return fc.float32Array(options).map((data) => ({ dtype, shape, data }));
    if (dtype === "float64") return fc.float64Array(options).map((data) => ({ dtype, shape, data }));
    return fc.int32Array(options).map((data) => ({ dtype: "int32", shape, data }));
  });
const named = fc.dictionary(
  fc.string().filter((name) => name !== "__metadata__" && name !== "__proto__"),
  stored,
  { noNullPrototype: true },
);

test("what is written is read back, to the bit", () => {
  fc.assert(
    fc.property(named, fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }), (tensors, metadata) => {
      const back = decodeSafetensors(encodeSafetensors({ tensors, metadata }), "x");
      expect(back.tensors).toEqual(tensors);
      expect(back.metadata).toEqual(metadata);
    }),
  );
});

test("the tensors fill the file without gaps, each aligned, as other readers demand", () => {
  const tensors = {
    a: { shape: [1], dtype: "int32", data: new Int32Array([7]) },
    b: { shape: [2], dtype: "float64", data: new Float64Array([1, 2]) },
    c: { shape: [], dtype: "float32", data: new Float32Array([3]) },
  } as const;
  const bytes = encodeSafetensors({ tensors, metadata: {} });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  expect(length % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const { __metadata__: _, ...entries } = header;
  const ranges = Object.values(entries).map((e) => (e as typeof entry).data_offsets);
  expect(ranges.sort(([a], [b]) => a - b)).toEqual([
    [0, 16],
    [16, 20],
    [20, 24],
  ]);
  expect(bytes.length).toBe(8 + length + 24);
});

test("a flipped bit anywhere is noticed", () => {
  const x: StoredTensor = { shape: [3], dtype: "float32", data: new Float32Array([1, 2, 3]) };
  const bytes = encodeSafetensors({ tensors: { x }, metadata: { step: "12" } });
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << bit;
      expect(() => {
        const { tensors, metadata } = decodeSafetensors(flipped, "x");
        // A space that became a tab changes nothing.
        if (metadata.step === "12" && Buffer.from(tensors.x.data.buffer).equals(Buffer.from(x.data.buffer))) throw same;
      }).toThrow();
    }),
  );
});

const same = new Error("nothing changed");

const broken: [what: string, bytes: Uint8Array, says: RegExp][] = [
  ["nothing", new Uint8Array(0), /0 bytes, fewer than the 8/],
  ["a cut header", file({ x: entry }, two).subarray(0, 20), /the file is cut off/],
  ["cut numbers", file({ x: entry }, two.subarray(0, 5)), /"x" should end at byte 8.*the file is cut off/],
  ["bytes left over", file({ x: entry }, new Uint8Array(12)), /4 bytes at its end belong to no tensor/],
  ["an absurd length", new Uint8Array(16).fill(255), /claims a header of/],
  ["text that is not JSON", file("{oops", two), /not JSON/],
  ["a list for a header", file([], two), /not a JSON object/],
  ["metadata that are not text", file({ __metadata__: { n: 1 }, x: entry }, two), /__metadata__/],
  ["an entry that is no object", file({ x: 3 }, two), /entry for "x"/],
  ["a negative size", file({ x: { ...entry, shape: [-2] } }, two), /no valid shape/],
  ["offsets that fall", file({ x: { ...entry, data_offsets: [8, 0] } }, two), /data_offsets/],
  ["offsets that do not fit the shape", file({ x: { ...entry, shape: [3] } }, two), /12 bytes, but its offsets span 8/],
  [
    "bytes that are of two tensors",
    file({ x: entry, y: entry }, two),
    /"y" should begin at byte 8 of the numbers, but begins at 0/,
  ],
  [
    "bytes between tensors that are of none",
    file({ x: { ...entry, data_offsets: [4, 12] } }, new Uint8Array(12)),
    /"x" should begin at byte 0 of the numbers, but begins at 4/,
  ],
  ["a type that Pondus lacks", file({ x: { ...entry, dtype: "BF16" } }, two), /"BF16"; Pondus reads F32, F64, I32/],
];

test.each(broken)("refuses %s", (_, bytes, says) => {
  expect(() => decodeSafetensors(bytes, "weights.safetensors")).toThrow(says);
  expect(() => decodeSafetensors(bytes, "weights.safetensors")).toThrow(/^weights\.safetensors/);
});

test("whatever is broken, the error is one that a person can read", () => {
  const whole = encodeSafetensors({
    tensors: { w: { shape: [2, 2], dtype: "float64", data: new Float64Array([1, 2, 3, 4]) } },
    metadata: { a: "b" },
  });
  const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(whole.length), (changes, cut) => {
      const bytes = whole.slice(0, cut);
      for (const [at, byte] of changes) if (at < cut) bytes[at] = byte;
      try {
        decodeSafetensors(bytes, "x");
      } catch (error) {
        expect(error).toBeInstanceOf(PondusError);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a header that nests without end, beside a checksum, is refused too", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const text = `{"__metadata__":{"pondus.sha256":"0"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":${deep}}}`;
  expect(() => decodeSafetensors(file(text, two))).toThrow(PondusError);
});

test("the numbers are not read once for each of many tensors that claim them all", () => {
  const claims = Object.fromEntries(
    Array.from({ length: 20_000 }, (_, i) => [`t${i}`, { dtype: "F32", shape: [25_000], data_offsets: [0, 100_000] }]),
  );
  expect(() => decodeSafetensors(file(claims, new Uint8Array(100_000)))).toThrow(/should begin at byte 100000/);
});

test("whatever a header says, it is read, or refused with an error of Pondus", () => {
  const offset = fc.oneof(fc.nat(16), fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, "0", null));
  const said = fc.record(
    {
      dtype: fc.constantFrom("F32", "F64", "I32", "I64", "F16", "constructor", 3, null),
      shape: fc.oneof(
        fc.array(offset, { maxLength: 3 }),
        fc.constantFrom([2], [1e15, 0], [2 ** 27, 2 ** 27], {}, null),
      ),
      data_offsets: fc.oneof(fc.tuple(offset, offset), fc.constantFrom([0, 8], [8, 16], [], null, "0,8")),
    },
    { requiredKeys: [] },
  );
  const header = fc.dictionary(
    fc.constantFrom("a", "b", "__proto__", "constructor", "__metadata__"),
    fc.oneof(said, fc.anything(), fc.dictionary(fc.constantFrom("pondus.sha256", "by"), fc.string())),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 16 }), (header, body) => {
      let text: string | undefined;
      try {
        text = JSON.stringify(header);
      } catch {
        return; // No JSON says so.
      }
      try {
        for (const { shape, data } of Object.values(decodeSafetensors(file(text, body)).tensors)) {
          expect(data.length).toBe(shape.reduce((n, m) => n * m, 1));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(PondusError);
      }
    }),
    { numRuns: 3000 },
  );
});

test("through a file; a folder or a missing file is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "pondus-"));
  const path = join(folder, "w.safetensors");
  writeSafetensors(path, { tensors: {}, metadata: { only: "words" } });
  expect(readSafetensors(path)).toEqual({ tensors: {}, metadata: { only: "words" } });
  writeFileSync(path, file({ x: entry }, two).subarray(0, 30));
  expect(() => readSafetensors(path)).toThrow(path);
  expect(() => readSafetensors(folder)).toThrow(/a file is needed/);
  expect(() => readSafetensors(join(folder, "none"))).toThrow(/no such file/);
  rmSync(folder, { recursive: true });
});
