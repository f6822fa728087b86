import type { DType, TypedArray } from "./dtype.ts";
import type { Node } from "./node.ts";
import type { Parameter } from "./parameter.ts";
import type { Shape } from "./shape.ts";

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

export type OpClass =
  | "leaf"
  | "unary"
  | "binary"
  | "select"
  | "reduce"
  | "running"
  | "movement"
  | "contract"
  | "gather"
  | "scatter"
  | "control";

/** Which element types an op takes, and which it gives: `same` as its inputs or `bool`. */
export interface OpFacts {
  readonly class: OpClass;
  readonly takes: "float" | "number" | "int" | "bool" | "bits" | "any";
  readonly gives: "same" | "bool";
  /** Floating-point operations per element, as printed by the backends; 0 for what only moves. */
  readonly flops: number;
  /** Where a test may sample the inputs: intervals, one per input, on which the op is smooth. */
  readonly domain?: readonly (readonly [number, number])[];
}

const leaf: OpFacts = { class: "leaf", takes: "any", gives: "same", flops: 0 };
const move: OpFacts = { class: "movement", takes: "any", gives: "same", flops: 0 };
const control: OpFacts = { class: "control", takes: "any", gives: "same", flops: 0 };
const wide = [-2, 2] as const;
const positive = [0.2, 3] as const;

function unary(flops: number, domain: readonly [number, number], takes: OpFacts["takes"] = "float"): OpFacts {
  return { class: "unary", takes, gives: "same", flops, domain: [domain] };
}

function binary(takes: OpFacts["takes"], flops = 1, domain: OpFacts["domain"] = [wide, wide]): OpFacts {
  return { class: "binary", takes, gives: "same", flops, domain };
}

function comparison(takes: OpFacts["takes"]): OpFacts {
  return { class: "binary", takes, gives: "bool", flops: 1, domain: [wide, wide] };
}

export const ops: { readonly [K in OpName]: OpFacts } = {
  constant: leaf,
  data: leaf,
  iota: leaf,
  input: leaf,
  parameter: leaf,
  formal: leaf,

  neg: unary(1, wide, "number"),
  abs: unary(1, positive, "number"),
  sign: unary(1, positive, "number"),
  floor: unary(1, [0.1, 0.9]),
  sqrt: unary(1, positive),
  exp: unary(14, wide),
  expm1: unary(16, wide),
  log: unary(16, positive),
  log1p: unary(20, positive),
  sin: unary(16, wide),
  cos: unary(16, wide),
  tanh: unary(20, wide),
  sigmoid: unary(17, wide),
  softplus: unary(36, wide),
  erf: unary(30, wide),
  tan: unary(36, [-1.2, 1.2]),
  asin: unary(42, [-0.7, 0.7]),
  acos: unary(40, [-0.7, 0.7]),
  atan: unary(52, wide),
  sinh: unary(40, wide),
  cosh: unary(22, wide),
  asinh: unary(80, wide),
  acosh: unary(72, [1.2, 4]),
  atanh: unary(66, [-0.8, 0.8]),
  log2: unary(42, positive),
  log10: unary(44, positive),
  exp2: unary(15, wide),
  cbrt: unary(46, positive),
  round: unary(5, [0.6, 1.4]),
  erfinv: unary(160, [-0.9, 0.9]),
  lgamma: unary(230, positive),
  polygamma: unary(260, positive),
  erfc: unary(50, wide),
  normalCdf: unary(50, wide),
  not: unary(1, wide, "bool"),
  stop: { class: "unary", takes: "any", gives: "same", flops: 0 },
  cast: { class: "unary", takes: "any", gives: "same", flops: 1, domain: [wide] },

  add: binary("number"),
  sub: binary("number"),
  mul: binary("number"),
  div: binary("float", 1, [wide, positive]),
  maximum: binary("number", 1, [positive, [3.5, 5]]),
  minimum: binary("number", 1, [positive, [3.5, 5]]),
  pow: binary("float", 40, [positive, wide]),
  atan2: binary("float", 52, [wide, positive]),
  mod: binary("number", 3, [
    [0.1, 0.9],
    [1, 2],
  ]),
  lt: comparison("number"),
  le: comparison("number"),
  eq: comparison("any"),
  ne: comparison("any"),
  and: binary("bits"),
  or: binary("bits"),
  xor: binary("bits"),
  shl: binary("int"),
  shr: binary("int"),

  where: { class: "select", takes: "any", gives: "same", flops: 1, domain: [wide, wide, wide] },

  sum: { class: "reduce", takes: "number", gives: "same", flops: 1, domain: [wide] },
  max: { class: "reduce", takes: "number", gives: "same", flops: 1, domain: [wide] },
  overlap: { class: "reduce", takes: "number", gives: "same", flops: 1, domain: [wide] },

  recurrence: { class: "running", takes: "number", gives: "same", flops: 2 },
  cummax: { class: "running", takes: "number", gives: "same", flops: 1 },

  reshape: move,
  permute: move,
  expand: move,
  slice: move,
  pad: move,
  flip: move,
  window: move,
  again: move,
  checkpoint: move,
  custom: { ...move, takes: "float" },

  contract: { class: "contract", takes: "float", gives: "same", flops: 2, domain: [wide, wide] },
  gather: { class: "gather", takes: "any", gives: "same", flops: 0 },
  scatter: { class: "scatter", takes: "number", gives: "same", flops: 1 },
  scatterInto: { class: "scatter", takes: "any", gives: "same", flops: 1 },

  scan: control,
  while: control,
  cond: control,
  result: control,
};

/** True for ops that act element by element on operands of one shape. */
export function isElementwise(op: OpName): boolean {
  const c = ops[op].class;
  return c === "unary" || c === "binary" || c === "select";
}
