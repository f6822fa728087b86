import type { DType } from "../graph/dtype.ts";
import type { OpName } from "../graph/ops.ts";
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
  readonly stores: readonly Store[];
  /** True when stores add to what is there, at positions that may repeat: the loops then run in order. */
  readonly scatter: boolean;
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
  | { readonly kind: "apply"; readonly op: OpName; readonly args: readonly Scalar[]; readonly dtype: DType }
  /** The reduction's result. */
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
    operandsOf(s).forEach(go);
    visit(s);
  };
  roots.forEach(go);
}

/** All the scalars from which a kernel starts. */
export function rootsOf(kernel: Kernel): Scalar[] {
  const stores = kernel.stores.flatMap((s) => (s.moving ? [s.value, s.moving.position] : [s.value]));
  return kernel.reduction ? [kernel.reduction.value, ...stores] : stores;
}

/** The buffers that a kernel reads. */
export function readsOf(kernel: Kernel): Set<Buffer> {
  const reads = new Set<Buffer>();
  eachScalar(rootsOf(kernel), (s) => {
    if (s.kind === "load") reads.add(s.buffer);
  });
  if (kernel.scatter) for (const s of kernel.stores) reads.add(s.buffer);
  return reads;
}
