import { PondusError } from "../graph/errors.ts";
import { readBytes } from "./files.ts";

/** What holds bytes now: the path of a file, where there are files, or the bytes themselves. */
export type Present = string | Uint8Array | ArrayBuffer;

/** What holds bytes that arrive later: a `Blob`, a `Response`, or a promise of whatever holds bytes, such as `fetch(url)`. */
export type Arriving = Blob | Response | PromiseLike<Present | Blob | Response>;

/** Where bytes can be read from. */
export type Source = Present | Arriving;

/** What reading a source returns: the result, or a promise of it where the bytes arrive later. */
export type Read<S extends Source, T> = S extends Present ? T : Promise<T>;

/**
 * Calls `use` with the bytes of a source and the name by which errors call it: at once where they are there, else when they
 * have arrived.
 *
 * @throws `source.type` for what holds no bytes, `source.response` for a response that is no success or was read before,
 *         `file.*`; of what arrives later the promise is rejected with them
 */
export function withBytes<S extends Source, T>(source: S, use: (bytes: Uint8Array, name: string) => T): Read<S, T> {
  const found = bytesIn(source);
  return (found instanceof Promise ? found.then(([bytes, name]) => use(bytes, name)) : use(...found)) as Read<S, T>;
}

/**
 * The bytes of whatever holds them, as a promise.
 *
 * @throws what `withBytes` throws
 */
export async function bytesOf(source: Source): Promise<Uint8Array> {
  return withBytes(source, (bytes) => bytes);
}

type Named = readonly [bytes: Uint8Array, name: string];

function bytesIn(source: Source): Named | Promise<Named> {
  if (typeof source === "string") return [readBytes(source), source];
  // By name rather than by class: bytes may come from another frame of the page.
  switch (Object.prototype.toString.call(source).slice("[object ".length, -1)) {
    case "Uint8Array":
      return [unshared(source as Uint8Array), "the file"];
    case "ArrayBuffer":
    case "SharedArrayBuffer":
      return [unshared(new Uint8Array(source as ArrayBuffer)), "the file"];
    case "Blob":
    case "File":
      return bytesOfBlob(source as Blob);
    case "Response":
      return bytesOfResponse(source as Response);
  }
  if (isPromise(source)) return Promise.resolve(source).then((arrived) => bytesIn(arrived));
  throw new PondusError(
    "source.type",
    "bytes are read from the path of a file, a Uint8Array, an ArrayBuffer, a Blob, a Response or a promise of these, but " +
      `${described(source)} came.`,
  );
}

async function bytesOfBlob(blob: Blob): Promise<Named> {
  const { name = "the blob" } = blob as Partial<File>;
  return [new Uint8Array(await blob.arrayBuffer()), name];
}

async function bytesOfResponse(response: Response): Promise<Named> {
  const name = response.url || "the response";
  if (!response.ok) {
    const status = [response.status, response.statusText].filter(Boolean).join(" ");
    throw new PondusError("source.response", `${name}: the server answered ${status}; check the address.`);
  }
  if (response.bodyUsed) {
    throw new PondusError(
      "source.response",
      `${name}: it has been read already; give response.clone() the first time.`,
    );
  }
  return [new Uint8Array(await response.arrayBuffer()), name];
}

/** A browser's text decoder takes no memory that threads share. */
function unshared(bytes: Uint8Array): Uint8Array {
  const isShared = typeof SharedArrayBuffer === "function" && bytes.buffer instanceof SharedArrayBuffer;
  return isShared ? bytes.slice() : bytes;
}

const isPromise = (x: unknown): x is PromiseLike<Source> =>
  typeof (x as PromiseLike<Source> | null)?.then === "function";

function described(x: unknown): string {
  if (x === null || typeof x !== "object") return x === undefined || x === null ? String(x) : `a ${typeof x}`;
  return `a value of the class ${(x as object).constructor?.name ?? "Object"}`;
}
