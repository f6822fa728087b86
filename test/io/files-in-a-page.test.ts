import { nn } from "pondus";
import { encodeSafetensors, readCsv, readSafetensors, writeSafetensors } from "pondus/io";
import { expect, test, vi } from "vitest";
import { makeRunFolder, runFolder } from "../../src/io/run-folder.ts";

// This file runs against the browser's side of the host.
vi.mock("#host/files", () => import("../../src/host/browser/files.ts"));
vi.mock("#host/digest", () => import("../../src/host/browser/digest.ts"));

const refused = (message: RegExp) =>
  expect.objectContaining({ code: "file.host", message: expect.stringMatching(message) });

const net = nn.sequential(nn.dense(2, 1));

test.each<[what: string, run: () => unknown]>([
  ["weights", () => nn.loadWeights(net, "net.safetensors")],
  ["tensors", () => readSafetensors("net.safetensors")],
  ["a table", () => readCsv("data.csv")],
])("reading %s from a path says what to give instead", (_, read) => {
  expect(read).toThrow(
    refused(/^\w+\.\w+: a web page has no files; give bytes \(Uint8Array or ArrayBuffer\), a Blob or a Response/),
  );
});

test.each<[what: string, run: () => unknown]>([
  ["weights", () => nn.saveWeights(net, "net.safetensors")],
  ["tensors", () => writeSafetensors("net.safetensors", { tensors: {}, metadata: {} })],
  ["a run", () => makeRunFolder("yeast")],
  ["a run at a path", () => makeRunFolder("yeast", "runs/mine")],
])("writing %s at a path says what to take instead", (_, write) => {
  expect(write).toThrow(refused(/a web page has no files; take what is written as bytes instead \(`encodeWeights`, /));
});

test("bytes go in and out, with the same checksum as on Node", () => {
  const tensors = { w: { shape: [2], dtype: "float32", data: new Float32Array([1, 2]) } } as const;
  const bytes = encodeSafetensors({ tensors, metadata: {} });
  expect(readSafetensors(bytes).tensors).toEqual(tensors);
  const files = new Map<string, Uint8Array>();
  const folder = makeRunFolder("yeast", files);
  folder.write("a.txt", "é");
  expect([...(files.get("a.txt") as Uint8Array)]).toEqual([0xc3, 0xa9]);
  expect(() => runFolder(files).read("b.txt")).toThrow(
    /^b\.txt of the run: there is no such file; what is there is a\.txt/,
  );
});
