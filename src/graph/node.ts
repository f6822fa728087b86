import type { DType, TypedArray } from "./dtype.ts";
import type { Parameter } from "./parameter.ts";
import type { Shape } from "./shape.ts";

let nextId = 0;

/**
 * One expression: an op, its inputs and its attributes. Nodes are immutable and hash-consed: equal expressions are one
 * object, so a common subexpression is found by being written.
 */
export class Node<K extends OpName = OpName> {
  // Declared, so that the constructor alone makes them: thousands of nodes are made for one program, and few of them twice.
  declare readonly id: number;
  declare readonly op: K;
  declare readonly inputs: readonly Node[];
  declare readonly attrs: OpAttrs[K];
  declare readonly shape: Shape;
  declare readonly dtype: DType;
  declare readonly origin: Origin | undefined;

  /** Use `make`; the constructor does not look for an equal node. */
  constructor(op: K, inputs: readonly Node[], attrs: OpAttrs[K], shape: Shape, dtype: DType, origin?: Origin) {
    this.id = nextId++;
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.shape = shape;
    this.dtype = dtype;
    this.origin = origin;
  }

  is<J extends OpName>(op: J): this is Node<J> {
    return (this.op as OpName) === op;
  }
}

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

type None = Record<string, never>;

/** What each op carries beside its inputs. The table is the whole language: graph, loops and backends speak it. */
export interface OpAttrs {
  // leaf
  /** `own`, of a leaf that a person made: it is no other than itself, and derivatives can be asked for; a literal has none. */
  constant: { value: number; dtype: DType; own?: number };
  data: { data: TypedArray; shape: Shape; dtype: DType };
  iota: { length: number; own?: number };
  input: { name: string; shape: Shape; dtype: DType };
  parameter: { parameter: Parameter };
  formal: { id: number; shape: Shape; dtype: DType };
  // unary
  neg: None;
  abs: None;
  sign: None;
  floor: None;
  sqrt: None;
  exp: None;
  expm1: None;
  log: None;
  log1p: None;
  sin: None;
  cos: None;
  tanh: None;
  sigmoid: None;
  softplus: None;
  erf: None;
  tan: None;
  asin: None;
  acos: None;
  atan: None;
  sinh: None;
  cosh: None;
  asinh: None;
  acosh: None;
  atanh: None;
  log2: None;
  log10: None;
  exp2: None;
  cbrt: None;
  round: None;
  erfinv: None;
  lgamma: None;
  /** The derivative of this order of digamma, itself the slope of lgamma. */
  polygamma: { order: number };
  erfc: None;
  normalCdf: None;
  not: None;
  stop: None;
  cast: { to: DType };
  // binary
  add: None;
  sub: None;
  mul: None;
  div: None;
  maximum: None;
  minimum: None;
  pow: None;
  atan2: None;
  mod: None;
  lt: None;
  le: None;
  eq: None;
  ne: None;
  and: None;
  or: None;
  xor: None;
  shl: None;
  shr: None;
  // select
  where: None;
  // reduce
  sum: { axes: readonly number[] };
  max: { axes: readonly number[] };
  /** Windows laid over one another and summed, two axes as one: entry p is the sum of all [i, k] with i + k dilation = p. */
  overlap: { axis: number; dilation: number };
  // running
  /** Along `axis`: h[i] = a[i] h[i - 1] + b[i], from h[-1] = start. Inputs: a, b, and start, which lacks the axis. */
  recurrence: { axis: number };
  /** Along `axis`: h[i] = max(h[i - 1], x[i]), from h[-1] = start. Inputs: x, and start, which lacks the axis. */
  cummax: { axis: number };
  // movement
  reshape: { shape: Shape };
  permute: { order: readonly number[] };
  expand: { shape: Shape };
  slice: { start: readonly number[]; stop: readonly number[] };
  pad: { before: readonly number[]; after: readonly number[] };
  flip: { axes: readonly number[] };
  /** One axis as two, [count, size]: entry k of window i is the one at i stride + k dilation. */
  window: { axis: number; size: number; stride: number; dilation: number };
  /** Its second input only says when: not before that is there. */
  again: None;
  /** Inputs: a value, and what it is to be computed from again for the backward pass. */
  checkpoint: None;
  /**
   * Inputs: a value, and all that it depends on; `backward` gives the cotangents of the latter from that of the value,
   * `forward` the value's tangent from theirs. Without the latter, forward mode goes through the value.
   */
  custom: { backward: CustomBackward; forward?: CustomForward };
  // contract, gather, scatter
  contract: { a: readonly number[]; b: readonly number[]; out: readonly number[] };
  /** `inRange`: the index is an array of the program, all of it in range, so that nothing need be clamped. */
  gather: { axis: number; inRange?: true };
  scatter: { axis: number; size: number; inRange?: true };
  /** Inputs: the index, the updates, and what they are combined with, one after another. */
  scatterInto: { axis: number; combine: Combine; inRange?: true };
  // control
  scan: ScanAttrs;
  while: WhileAttrs;
  cond: CondAttrs;
  result: { index: number };
}

export type OpName = keyof OpAttrs;

/** What becomes of an element where an update comes: the update itself, the smaller or larger of the two, or their product. */
export type Combine = "set" | "min" | "max" | "mul";

/**
 * A reverse rule of its own: from the inputs of a `custom` node, as they are then, and the cotangent of its value. `asked` says of which
 * of them something is that a gradient is wanted of.
 */
export type CustomBackward = (
  given: readonly Node[],
  cotangent: Node,
  asked: readonly boolean[],
) => readonly (Node | undefined)[];

/** A forward rule of its own: from the inputs of a `custom` node and their tangents, those that have one. */
export type CustomForward = (given: readonly Node[], tangents: readonly (Node | undefined)[]) => Node | undefined;

/**
 * `for i of 0..length`: inputs are the carries' first values, then the sequences (sliced along their first axis), then
 * what the body captured. Outputs are the last carries, then one stack per `ys`. With `count`, one of the captured
 * (an int32), only that many iterations are taken, from the first slice or back to it; what they do not stack is not written.
 */
export interface ScanAttrs {
  readonly length: number;
  readonly reverse: boolean;
  readonly carry: readonly Node[];
  readonly xs: readonly Node[];
  readonly captured: readonly Node[];
  readonly next: readonly Node[];
  readonly ys: readonly Node[];
  readonly count?: Node;
}

/**
 * `while (test) carry = next`, at most `limit` times when there is one. Inputs: first carries, then captured. Outputs
 * are the last carries, then one stack of `limit` per `ys`; what the iterations do not stack is not written.
 */
export interface WhileAttrs {
  readonly limit: number | undefined;
  readonly carry: readonly Node[];
  readonly captured: readonly Node[];
  readonly test: Node;
  readonly next: readonly Node[];
  readonly ys: readonly Node[];
}

/** One of two branches, chosen when it runs. Inputs: the condition, then captured. */
export interface CondAttrs {
  readonly captured: readonly Node[];
  readonly whenTrue: readonly Node[];
  readonly whenFalse: readonly Node[];
}
