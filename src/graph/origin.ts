import { ownFolder } from "#host/own-code";
import type { Node } from "./node.ts";

/**
 * Where in the user's file an expression was written. Stacks are captured unformatted, which is cheap;
 * they are turned into `file:line` only when an error needs them.
 */
export interface Origin {
  /** `model.ts:12`, or undefined when no frame lies outside Pondus. */
  readonly place: string | undefined;
  /** What made it, in the user's words: `dense(128, 64)`, `gradient of tanh`. */
  readonly label: string | undefined;
  /** Why its numbers may be none, where what made it knows. */
  readonly reason?: Reason;
}

/** What a computation that can fail says of itself, as a solver that gave up does, from numbers that belong to it. */
export interface Reason {
  /** What a node depends on of which this is the reason: equal nodes are one, and others may have been the first to make it. */
  readonly of: Node;
  readonly from: readonly Node[];
  /** Undefined when all went well. */
  tell(numbers: readonly ArrayLike<number>[]): string | undefined;
}

const own = ownFolder === undefined ? undefined : readable(ownFolder);
const systems = `${own}systems/`;

let labels: readonly string[] = [];
let inherited: Origin | undefined;
let reason: Reason | undefined;

class Captured implements Origin {
  readonly label: string | undefined;
  readonly reason = reason;
  readonly #trace: { stack?: string };
  #place: string | undefined | null = null;

  constructor(label: string | undefined) {
    this.label = label;
    this.#trace = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 48;
    Error.captureStackTrace?.(this.#trace, Captured);
    Error.stackTraceLimit = limit;
  }

  get place(): string | undefined {
    if (this.#place === null) this.#place = userFrame(this.#trace.stack ?? "");
    return this.#place;
  }
}

/** `file:line:column` at the end of a stack frame, of V8 (`at f (file:///a.ts:1:2)`) or of Firefox and Safari (`f@http://a.js:1:2`). */
const frame = /(?:^at (?:async )?|\(|@)((?:[a-z]+:\/\/|\/|[A-Za-z]:[\\/]).*):(\d+):(\d+)\)?$/;

/** A line of a stack that names a place in a file. */
export interface Frame {
  /** As the engine writes it. */
  readonly location: string;
  /** In one form for all engines. */
  readonly url: string;
  readonly line: string;
  readonly column: string;
  /** Whether it lies in an installed package. */
  readonly isPackage: boolean;
}

/** The frames of a stack, the innermost first. */
export function* framesOf(stack: string): Generator<Frame> {
  for (const text of stack.split("\n")) {
    const match = frame.exec(text.trim());
    if (!match) continue;
    const [, location, line, column] = match;
    const url = asUrl(location);
    yield { location, url, line, column, isPackage: url.includes("/node_modules/") };
  }
}

/**
 * The first frame of a stack that lies outside the library (worked systems count as the user's own pages). In a bundle
 * that holds the library and the user's code there is none that could be told from the others.
 */
export function userFrame(stack: string): string | undefined {
  let isBundled = own === undefined;
  for (const { url, line, isPackage } of framesOf(stack)) {
    // A stack begins in the library: if that is a package here, the user's code is not in one file with it.
    if (isBundled && !isPackage) return undefined;
    isBundled = false;
    const isLibrary = own !== undefined && url.startsWith(own) && !url.startsWith(systems);
    if (isLibrary || isPackage) continue;
    return `${url.slice(url.lastIndexOf("/") + 1).replace(/\?.*$/, "")}:${line}`;
  }
  return undefined;
}

/** One form for what engines write as a URL, a path, or a path of Windows; spaces as spaces. */
function asUrl(location: string): string {
  if (/^[a-z]+:\/\//.test(location)) return readable(location);
  return `file://${location.startsWith("/") ? "" : "/"}${location.replaceAll("\\", "/")}`;
}

/** A URL with its spaces as spaces. */
export function readable(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}

/** The origin of a node that is being made now. */
export function originHere(): Origin {
  return inherited ?? new Captured(labels.length > 0 ? labels.join(" > ") : undefined);
}

/** Runs `f`; nodes that it makes carry `label` beside their place. */
export function labelled<T>(label: string, f: () => T): T {
  const before = labels;
  labels = [...before, label];
  try {
    return f();
  } finally {
    labels = before;
  }
}

/** Runs `f`; nodes that it makes can say why they are not finite. */
export function explained<T>(why: Reason, f: () => T): T {
  const before = reason;
  reason = why;
  try {
    return f();
  } finally {
    reason = before;
  }
}

/** Runs `f`; nodes that it makes are said to come from `origin` (derivatives come from what they derive). */
export function inheriting<T>(origin: Origin | undefined, f: () => T): T {
  const before = inherited;
  inherited = origin;
  try {
    return f();
  } finally {
    inherited = before;
  }
}

/** ` (made by dense(128, 64) at model.ts:12)`, with the parts that are known; empty when none is. */
export function describeOrigin(origin: Origin | undefined): string {
  const { place, label } = origin ?? {};
  if (label && place) return ` (made by ${label} at ${place})`;
  if (label) return ` (made by ${label})`;
  return place ? ` (at ${place})` : "";
}

/** `; the weight was made by dense(128, 64) at model.ts:12`, with the parts that are known; empty when none is. */
export function describeMaker(what: string, origin: Origin | undefined): string {
  const { place, label } = origin ?? {};
  if (!place && !label) return "";
  return `; ${what} was made${label ? ` by ${label}` : ""}${place ? ` at ${place}` : ""}`;
}
