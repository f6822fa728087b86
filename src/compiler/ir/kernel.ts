import type { DType } from "../../graph/dtype.ts";
import type { Combine, OpName } from "../../graph/node.ts";
import type { Affine, Buffer, Index } from "./loop.ts";

/**
 * A kernel: one loop nest over `axes`; at each point an optional reduction, then stores. Elementwise expressions around
 * a reduction are its prologue (inside `value`) and its epilogue (in the stores, which see the total).
 */
export interface Kernel {
  readonly name: string;
  /** Loops whose points are independent, outermost first. */
  readonly axes: readonly Axis[];
  readonly reduction?: Reduction;
  /** In place of a reduction, a total that runs along one more axis. */
  readonly running?: Running;
  readonly stores: readonly Store[];
  /**
   * How stores combine with what is there, at positions that may repeat: the loops then run in order. `addExactly`: the second store
   * collects the rounding errors of the first.
   */
  readonly scatter?: Combine | "add" | "addExactly";
}

export interface Axis {
  readonly index: Index;
  readonly size: number;
}

export interface Reduction {
  readonly op: "sum" | "max";
  readonly axes: readonly Axis[];
  readonly value: Scalar;
}

/** A loop inside all others, in order: after every step the stores see the total as it is then. */
export interface Running {
  readonly axis: Axis;
  /** The total before the first step. */
  readonly start: Scalar;
  /** `sum`: total = factor total + term, where a factor that is missing is 1 and a term 0; `max`: the larger of total and term. */
  readonly op: "sum" | "max";
  readonly factor?: Scalar;
  readonly term?: Scalar;
}

export interface Store {
  readonly buffer: Buffer;
  readonly at: Affine;
  readonly moving?: Moving;
  readonly value: Scalar;
}

/** A position known only when it runs: clamped to [0, size) unless it is sure to lie there, times scale elements. */
export interface Moving {
  readonly position: Scalar;
  readonly scale: number;
  readonly size: number;
  readonly inRange: boolean;
}

/** Holds where from <= at < to. */
export interface Guard {
  readonly at: Affine;
  readonly from: number;
  readonly to: number;
}

/** What is computed at one point. Shared subexpressions are one object. */
export type Scalar =
  | { readonly kind: "constant"; readonly value: number; readonly dtype: DType }
  /** The int32 value of an index expression. */
  | { readonly kind: "position"; readonly at: Affine; readonly dtype: "int32" }
  /** Zero where a guard fails; the load itself then touches element 0 only. */
  | {
      readonly kind: "load";
      readonly buffer: Buffer;
      readonly at: Affine;
      readonly guards: readonly Guard[];
      readonly moving?: Moving;
      readonly dtype: DType;
    }
  /** `value` where all guards hold, else zero. */
  | { readonly kind: "within"; readonly guards: readonly Guard[]; readonly value: Scalar; readonly dtype: DType }
  /** `order` is of polygamma. */
  | {
      readonly kind: "apply";
      readonly op: OpName;
      readonly args: readonly Scalar[];
      readonly dtype: DType;
      readonly order?: number;
    }
  /** The reduction's result, or the running total. */
  | { readonly kind: "total"; readonly dtype: DType };

export function operandsOf(s: Scalar): readonly Scalar[] {
  if (s.kind === "apply") return s.args;
  if (s.kind === "within") return [s.value];
  return s.kind === "load" && s.moving ? [s.moving.position] : [];
}

/** Visits every scalar below `roots` once. */
export function eachScalar(roots: readonly Scalar[], visit: (s: Scalar) => void): void {
  const seen = new Set<Scalar>();
  const go = (s: Scalar) => {
    if (seen.has(s)) return;
    seen.add(s);
    for (const x of operandsOf(s)) go(x);
    visit(s);
  };
  roots.forEach(go);
}

/** What each step of a running total is computed from, and its start. */
export function scalarsOfRunning({ start, factor, term }: Running): Scalar[] {
  return [start, factor, term].filter((s) => s !== undefined);
}

/** All the scalars from which a kernel starts. */
function rootsOf(kernel: Kernel): Scalar[] {
  const stores = kernel.stores.flatMap((s) => (s.moving ? [s.value, s.moving.position] : [s.value]));
  if (kernel.running) return [...scalarsOfRunning(kernel.running), ...stores];
  return kernel.reduction ? [kernel.reduction.value, ...stores] : stores;
}

const lists = new WeakMap<Kernel, readonly Scalar[]>();

/** All that a kernel computes at a point, operands first. Every pass asks for it. */
export function scalarsOf(kernel: Kernel): readonly Scalar[] {
  let list = lists.get(kernel);
  if (!list) {
    const found: Scalar[] = [];
    eachScalar(rootsOf(kernel), (s) => found.push(s));
    list = found;
    lists.set(kernel, list);
  }
  return list;
}

const readSets = new WeakMap<Kernel, ReadonlySet<Buffer>>();

/** The buffers that a kernel reads. */
export function readsOf(kernel: Kernel): ReadonlySet<Buffer> {
  let reads = readSets.get(kernel);
  if (!reads) {
    const found = new Set<Buffer>();
    for (const s of scalarsOf(kernel)) if (s.kind === "load") found.add(s.buffer);
    if (kernel.scatter) for (const s of kernel.stores) found.add(s.buffer);
    reads = found;
    readSets.set(kernel, reads);
  }
  return reads;
}
