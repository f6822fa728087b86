/**
 * A page has no files of its own: what reads or writes one throws an error that says what to give or take instead, with
 * the code of the system for what it cannot do.
 */
function refuse(advice: string): never {
  throw Object.assign(new Error(`a web page has no files; ${advice}`), { code: "ENOSYS" });
}

export function readFile(_path: string): Uint8Array {
  return refuse("give bytes (Uint8Array or ArrayBuffer), a Blob or a Response instead, such as `await fetch(...)`");
}

const take =
  "take what is written as bytes instead (`encodeWeights`, `encodeSafetensors`, `train` with a Map as `out`)";

export function writeFile(_path: string, _content: string | Uint8Array, _mode?: number): void {
  refuse(take);
}

export function temporaryName(_path: string): string {
  return refuse(take);
}

export const exists = (_path: string): boolean => false;

export const isFolder = (_path: string): boolean => false;

export function makeFolder(_path: string): void {
  refuse(take);
}

export function removeFolder(_path: string): void {
  refuse(take);
}

export const namesIn = (_path: string): string[] => [];

export const packageFolders = (_name: string): string[] => [];

export const workingFolder = (): string => "";

/** Paths are names here, with "/" between their parts. */
export const join = (...parts: string[]): string => parts.filter((part) => part !== "").join("/");

export const basename = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

export const dirname = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".");

export const resolve = (path: string): string => path;

export const relative = (_from: string, to: string): string => to;
