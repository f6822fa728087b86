import { userFrame } from "../host/user-frame.ts";
import type { Origin, Reason } from "./node.ts";

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
