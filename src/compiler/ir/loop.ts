import { bytesOf, type DType } from "../../graph/dtype.ts";
import type { Node } from "../../graph/node.ts";

/**
 * The loop language: what every backend prints. A program is steps (launches, loops, branches) over buffers in one
 * arena; a routine is straight-line instructions and counted loops on values of one or several lanes.
 */

/** Types of values in registers. A mask is what a comparison gives; its width is that of the compared elements. */
export type LoopType = "float32" | "float64" | "int32" | "int64" | "mask32" | "mask64";

/** A value in a register, assigned once (or a variable, when it was made by `declare`). */
export interface Value {
  readonly id: number;
  readonly type: LoopType;
  /** 1 is a scalar; else a power of two up to the machine's vector width. */
  readonly lanes: number;
}

/** A loop counter: an int32 that a `for` or a program's loop steps. */
export interface Index {
  readonly id: number;
}

/** offset + sum of scale * index, in elements. */
export interface Affine {
  readonly offset: number;
  readonly terms: readonly { readonly index: Index; readonly scale: number }[];
}

/** Where in the arena a buffer lies. */
export interface Location {
  /** In bytes; a multiple of 64. */
  readonly offset: number;
  /** Bytes from one thread's copy to the next, for what independent iterations of a loop keep to themselves. */
  readonly stride?: number;
  /** The loop's counter, where there are fewer iterations than threads: then every iteration has a copy, and not every thread. */
  readonly iteration?: Index;
}

/** A piece of the arena. Its location is what the memory plan gave it (`settle`), and -1 before. */
export interface Buffer extends Location {
  readonly id: number;
  readonly kind: "input" | "parameter" | "data" | "output" | "carry" | "temporary";
  readonly dtype: DType;
  readonly length: number;
  /** The expression whose value it holds; of a copy that serves a product better, none. */
  readonly holds?: Node;
}

/** An element of a buffer: `at`, plus a position known only when it runs (an int32 scalar times `scale`). */
export interface Place {
  readonly buffer: Buffer;
  readonly at: Affine;
  readonly moving?: { readonly position: Value; readonly scale: number };
}

/**
 * Operations on registers; operands have the lanes of the result unless said.
 *
 * - `fma`: a b + c, rounded once or twice; on one machine always as often, in a scalar and in a lane of any vector.
 * - `scale`: a 2^k for whole k, |k| at most 252 (2044 in float64) and |a| near 1, rounded once.
 * - `maximum`, `minimum`: NaN when either operand is. Float and int32.
 * - `lt le eq ne`: give a mask as wide as the operands' elements.
 * - `and or xor not`: int32, int64 and masks. `shl shr`: int32 and int64, `shr` brings in zeros; shift counts are
 *   constants for int64.
 * - `select`: mask, if-true, if-false; the mask is as wide as the result's elements.
 * - `splat`: one lane to all. `sumLanes`, `maxLanes`: all lanes to one (`maximum` as above).
 * - `zipLow`, `zipHigh`: lanes of two vectors in turn, a0 b0 a1 b1 ..., from their first or their second halves.
 * - `convert`: float32 <-> float64 (rounding), int32 -> float (rounding), float -> int32 (truncating, saturating,
 *   NaN to 0), mask32 <-> mask64, mask -> int32 or float as 0 or 1.
 * - `bits`: float32 <-> int32 and float64 <-> int64, same bits.
 */
export type LoopOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "fma"
  | "scale"
  | "neg"
  | "abs"
  | "sqrt"
  | "floor"
  | "maximum"
  | "minimum"
  | "lt"
  | "le"
  | "eq"
  | "ne"
  | "and"
  | "or"
  | "xor"
  | "not"
  | "shl"
  | "shr"
  | "select"
  | "splat"
  | "sumLanes"
  | "maxLanes"
  | "zipLow"
  | "zipHigh"
  | "convert"
  | "bits";

export type Instruction =
  /** All lanes hold `value`; a mask holds it as 0 or 1; an int64 is given as a whole number below 2^53. */
  | { readonly op: "constant"; readonly to: Value; readonly value: number }
  | { readonly op: "compute"; readonly to: Value; readonly name: LoopOp; readonly args: readonly Value[] }
  /** int32: lane k holds at + k * stride. */
  | { readonly op: "ramp"; readonly to: Value; readonly at: Affine; readonly stride: number }
  /**
   * Lane k is read at from + k * stride; stride 0 spreads one element, 1 is contiguous. A bool buffer holds int32 0 or
   * 1 and loads as mask32.
   */
  | { readonly op: "load"; readonly to: Value; readonly from: Place; readonly stride: number }
  /** A hint that the memory there will be read soon, and then written or not. It may lie beyond the buffer. */
  | { readonly op: "fetch"; readonly from: Place; readonly write: boolean }
  /** Lane k is written at to + k. A mask32 is stored as int32 0 or 1. */
  | { readonly op: "store"; readonly value: Value; readonly to: Place }
  /** All lanes hold one of some known numbers: the one that stands where the counter says. */
  | { readonly op: "table"; readonly to: Value; readonly numbers: readonly number[]; readonly at: Index }
  /** A variable that `assign` may change. */
  | { readonly op: "declare"; readonly to: Value; readonly from: Value }
  | { readonly op: "assign"; readonly to: Value; readonly from: Value }
  /** Runs where the mask holds in any lane, and then for all lanes. It stores nothing, and what it changes are variables. */
  | { readonly op: "when"; readonly test: Value; readonly body: readonly Instruction[] }
  /** `independent`: its iterations may run in any order; `parallel`: threads divide them among themselves. */
  | {
      readonly op: "for";
      readonly index: Index;
      readonly from: number;
      readonly to: number;
      readonly step: number;
      readonly independent: boolean;
      readonly parallel?: boolean;
      readonly body: readonly Instruction[];
    };

/** What a call passes for a counter: a counter of a loop around it, or where an array lies (in elements of its type). */
export type Argument = Index | Buffer;

export interface Call {
  readonly routine: Routine;
  /** One for each of the routine's `indices`. */
  readonly counters: readonly Argument[];
}

/** A number known when the program is printed, or the counter that holds it when it runs. */
export function passed(argument: Argument): number | Index {
  return "dtype" in argument ? argument.offset / bytesOf[argument.dtype] : argument;
}

/** Kernels of one form, ready to print. `indices` are counters that a call passes. */
export interface Routine {
  readonly name: string;
  readonly indices: readonly Index[];
  readonly body: readonly Instruction[];
  /** Into how many parts its parallel loops may be cut; 1 when it has none. */
  readonly parts: number;
  /** Instructions in a run, roughly. */
  readonly work: number;
}

/** `launch` holds a kernel before lowering and the call of a routine after. */
export type Step<K> =
  | { readonly kind: "launch"; readonly kernel: K }
  /**
   * `length` times, or as often as the int32 in `count` says, which is at most that: counting up, or down to 0. Iterations that
   * are `independent` may run in any order; `apart`: threads run them side by side, and nothing in them is divided further.
   */
  | {
      readonly kind: "repeat";
      readonly index: Index;
      readonly length: number;
      readonly count?: Place;
      readonly reverse: boolean;
      readonly independent?: boolean;
      readonly apart?: boolean;
      readonly body: readonly Step<K>[];
    }
  /** Runs `test`, reads the bool in `flag`, and if it holds runs `body` and starts again; at most `limit` times. */
  | {
      readonly kind: "while";
      readonly index: Index;
      readonly limit: number | undefined;
      readonly test: readonly Step<K>[];
      readonly flag: Place;
      readonly body: readonly Step<K>[];
    }
  | {
      readonly kind: "branch";
      readonly flag: Place;
      readonly yes: readonly Step<K>[];
      readonly no: readonly Step<K>[];
    };

/** What a backend prints: one function that runs all steps over an arena of `bytes`. */
export interface LoopProgram {
  readonly steps: readonly Step<Call>[];
  readonly buffers: readonly Buffer[];
  readonly bytes: number;
  /** Instructions in a run, roughly; infinite where only a run tells. */
  readonly work: number;
}

/** What the compiler must know of a backend. */
export interface Machine {
  /** Bytes in a vector register: 64, 32, 16. */
  readonly vectorBytes: number;
  /** Vector registers that a kernel may use for accumulators and operands. */
  readonly registers: number;
  /** True when one kernel may mix vectors of 4-byte and 8-byte elements (else such kernels are scalar). */
  readonly mixedWidths: boolean;
  /** Threads that may run side by side; 1 unless it is said. */
  readonly threads?: number;
  /** Programs of less work (as of a `LoopProgram`) are run by one thread alone. */
  readonly aloneBelow?: number;
  /** Bytes that a program can address, where that is a limit. */
  readonly addressable?: number;
  /** Terms of a large product's sums that are best added up at a time, before the totals are put away; else all. */
  readonly sumPiece?: number;
}

export function add(a: Affine, b: Affine): Affine {
  // Most sums are with a fixed position, or with nothing.
  if (b.terms.length === 0) return b.offset === 0 ? a : { offset: a.offset + b.offset, terms: a.terms };
  if (a.terms.length === 0) return a.offset === 0 ? b : { offset: a.offset + b.offset, terms: b.terms };
  const terms = [...a.terms];
  for (const term of b.terms) {
    const k = terms.findIndex(({ index }) => index === term.index);
    if (k < 0) terms.push(term);
    else terms[k] = { index: term.index, scale: terms[k].scale + term.scale };
  }
  return { offset: a.offset + b.offset, terms: terms.filter(({ scale }) => scale !== 0) };
}

export function scaled(a: Affine, by: number): Affine {
  if (by === 0) return at(0);
  if (by === 1) return a;
  return { offset: a.offset * by, terms: a.terms.map(({ index, scale }) => ({ index, scale: scale * by })) };
}

/** A fixed position. */
export function at(offset: number): Affine {
  return { offset, terms: [] };
}

/** The position that a counter holds. */
export function along(index: Index, scale = 1): Affine {
  return { offset: 0, terms: [{ index, scale }] };
}

export function scaleOf(a: Affine, index: Index): number {
  for (const term of a.terms) if (term.index === index) return term.scale;
  return 0;
}

export function sameAffine(a: Affine, b: Affine): boolean {
  return (
    a.offset === b.offset &&
    a.terms.length === b.terms.length &&
    a.terms.every((term) => scaleOf(b, term.index) === term.scale)
  );
}

/** `a` with another sum in the place of a counter. */
export function replace(a: Affine, index: Index, by: Affine): Affine {
  const rest = { offset: a.offset, terms: a.terms.filter((t) => t.index !== index) };
  return add(rest, scaled(by, scaleOf(a, index)));
}
