import { sha256 } from "#host/digest";
import { allocate, bytesOf, type DType, type TypedArray } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { formatShape, type Shape, sizeOf } from "../graph/shape.ts";
import { writeBytes } from "./files.ts";
import { type Read, type Source, withBytes } from "./source.ts";

/**
 * The safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the length of a JSON header, the
 * header (name to type, shape and byte range), then the numbers, little-endian. Any safetensors reader can open what
 * is written here. What is written here also carries a checksum among its metadata, so that a flipped bit is noticed.
 */
export interface StoredTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
}

export interface TensorFile {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const formatNames = { float32: "F32", float64: "F64", int32: "I32", bool: "I32" } as const;
/** What a file's element types are read as, and how many bytes each takes there. */
const formats: Readonly<Record<string, { readonly dtype: DType; readonly bytes: number }>> = {
  F32: { dtype: "float32", bytes: 4 },
  F64: { dtype: "float64", bytes: 8 },
  I32: { dtype: "int32", bytes: 4 },
  I64: { dtype: "int32", bytes: 8 },
};
/** SHA-256 of the header without this entry, and of the numbers. */
const checksumKey = "pondus.sha256";
/** The format's own bound on its header. */
const longestHeader = 100_000_000;

/** The file's bytes. Wider elements come first, so that every tensor is aligned; bools are stored as I32. */
export function encodeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(tensors).sort(([, a], [, b]) => bytesOf[b.dtype] - bytesOf[a.dtype]);
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    const start = end;
    end += data.length * bytesOf[dtype];
    header[name] = { dtype: formatNames[dtype], shape, data_offsets: [start, end] };
  }
  const numbers = entries.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  header.__metadata__ = { ...metadata, [checksumKey]: sha256(JSON.stringify(header), ...numbers) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const part of numbers) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads the bytes back. Whole numbers of 64 bits, such as PyTorch's indices and counts, become int32.
 *
 * @param name  what errors call the file
 * @throws `safetensors.corrupt` when header, offsets and size do not agree; `safetensors.dtype` for element types that
 *         Pondus does not have, and for whole numbers that int32 cannot hold
 */
export function decodeSafetensors(bytes: Uint8Array, name = "the file"): TensorFile {
  const { header, body } = splitHeader(bytes, name);
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== "string")) {
    throw corrupt(name, "the header's __metadata__ should map names to text");
  }
  const { [checksumKey]: checksum, ...own } = metadata as Record<string, string>;
  const tensors: Record<string, StoredTensor> = {};
  const places = Object.entries(entries).map(([key, entry]) => describe(key, entry, name));
  checkPlaces(places, body.length, name);
  for (const { key, dtype, shape, start, end, isWide } of places) {
    const data = allocate(dtype, sizeOf(shape));
    if (isWide) narrow(body.subarray(start, end), data, key, name);
    else new Uint8Array(data.buffer).set(body.subarray(start, end));
    Object.defineProperty(tensors, key, { value: { shape, dtype, data }, enumerable: true });
  }
  if (checksum !== undefined && sha256(headerOf(own, entries), body) !== checksum) {
    throw corrupt(name, "its numbers or its header have changed since it was written");
  }
  return { tensors, metadata: own };
}

/**
 * Reads a file or its bytes.
 *
 * @param source  a path or bytes, whose tensors are returned at once; of a Blob, a Response or `fetch(url)` a promise is
 * @throws `file.*`, `source.*`, and what `decodeSafetensors` throws
 */
export function readSafetensors<S extends Source>(source: S): Read<S, TensorFile> {
  return withBytes(source, decodeSafetensors);
}

/** @throws `file.write`, and `file.host` in a web page, where `encodeSafetensors` gives the bytes */
export function writeSafetensors(path: string, file: TensorFile): void {
  writeBytes(path, encodeSafetensors(file));
}

/** The header as it was before its checksum was written into it. */
function headerOf(metadata: Record<string, string>, entries: Record<string, unknown>): string {
  const plain = Object.entries(entries).map(([key, entry]) => {
    const { dtype, shape, data_offsets } = entry as Record<string, unknown>;
    return [key, { dtype, shape, data_offsets }];
  });
  return JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(plain) });
}

function splitHeader(bytes: Uint8Array, name: string): { header: Record<string, unknown>; body: Uint8Array } {
  if (bytes.length < 8)
    throw corrupt(name, `it has ${bytes.length} bytes, fewer than the 8 that give its header's length`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > longestHeader) throw corrupt(name, `it claims a header of ${length} bytes`);
  if (8 + length > bytes.length) {
    throw corrupt(
      name,
      `its header should have ${length} bytes, but only ${bytes.length - 8} follow (the file is cut off)`,
    );
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, 8 + length)));
  } catch (error) {
    throw corrupt(name, `its header is not JSON (${(error as Error).message})`);
  }
  if (!isRecord(header)) throw corrupt(name, "its header is not a JSON object");
  return { header, body: bytes.subarray(8 + length) };
}

/** Where the numbers of a tensor lie, and what they are. */
interface Place {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
  /** Whether the file's elements are wider than those of `dtype`. */
  readonly isWide: boolean;
}

/** The tensors fill the numbers without gaps, and no byte is of two: as the format has it, and so that none is read often. */
function checkPlaces(places: readonly Place[], length: number, name: string): void {
  let at = 0;
  for (const { key, start, end } of places.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (end > length) {
      throw corrupt(
        name,
        `tensor "${key}" should end at byte ${end} of the numbers, but there are ${length} (the file is cut off)`,
      );
    }
    if (start !== at)
      throw corrupt(name, `tensor "${key}" should begin at byte ${at} of the numbers, but begins at ${start}`);
    at = end;
  }
  if (length > at) throw corrupt(name, `${length - at} bytes at its end belong to no tensor`);
}

function describe(key: string, entry: unknown, name: string): Place {
  if (!isRecord(entry)) throw corrupt(name, `the header's entry for "${key}" is not an object`);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (!Array.isArray(shape) || !shape.every(isCount)) throw corrupt(name, `tensor "${key}" has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[0] > offsets[1]) {
    throw corrupt(name, `tensor "${key}" has no valid data_offsets`);
  }
  const format = typeof type === "string" && Object.hasOwn(formats, type) ? formats[type] : undefined;
  if (!format) {
    throw new PondusError(
      "safetensors.dtype",
      `${name}: tensor "${key}" is ${JSON.stringify(type)}; Pondus reads ${Object.keys(formats).join(", ")}.`,
    );
  }
  const [start, end] = offsets as [number, number];
  const { dtype, bytes } = format;
  const wanted = sizeOf(shape as number[]) * bytes;
  if (end - start !== wanted) {
    throw corrupt(
      name,
      `tensor "${key}" is ${type} ${formatShape(shape as number[])}, ${wanted} bytes, but its offsets span ${end - start}`,
    );
  }
  return { key, dtype, shape: shape as number[], start, end, isWide: bytes > bytesOf[dtype] };
}

/** Whole numbers of 64 bits into 32. */
function narrow(bytes: Uint8Array, data: TypedArray, key: string, name: string): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < data.length; i++) {
    const value = view.getBigInt64(8 * i, true);
    data[i] = Number(value);
    if (BigInt(data[i]) === value) continue;
    throw new PondusError(
      "safetensors.dtype",
      `${name}: tensor "${key}" holds ${value}, which int32 cannot hold; Pondus has no wider whole numbers.`,
    );
  }
}

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

function corrupt(name: string, what: string): PondusError {
  return new PondusError(
    "safetensors.corrupt",
    `${name} is not a whole safetensors file: ${what}. Write or fetch it again.`,
  );
}
