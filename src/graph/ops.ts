import type { OpName } from "./node.ts";

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
export type OpFacts = Facts & (Elementwise | Other);

interface Facts {
  readonly takes: "float" | "number" | "int" | "bool" | "bits" | "any";
  readonly gives: "same" | "bool";
  /** Floating-point operations per element, as printed by the backends; 0 for what only moves. */
  readonly flops: number;
}

interface Elementwise {
  readonly class: "unary" | "binary" | "select";
  /** Where a test may sample the inputs: intervals, one per input, on which the op is smooth. */
  readonly domain: readonly (readonly [number, number])[];
}

interface Other {
  readonly class: Exclude<OpClass, Elementwise["class"]>;
}

const leaf: OpFacts = { class: "leaf", takes: "any", gives: "same", flops: 0 };
const move: OpFacts = { class: "movement", takes: "any", gives: "same", flops: 0 };
const control: OpFacts = { class: "control", takes: "any", gives: "same", flops: 0 };
const wide = [-2, 2] as const;
const positive = [0.2, 3] as const;

function unary(flops: number, domain: readonly [number, number], takes: OpFacts["takes"] = "float"): OpFacts {
  return { class: "unary", takes, gives: "same", flops, domain: [domain] };
}

function binary(takes: OpFacts["takes"], flops = 1, domain: Elementwise["domain"] = [wide, wide]): OpFacts {
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
  stop: unary(0, wide, "any"),
  cast: unary(1, wide, "any"),

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

  sum: { class: "reduce", takes: "number", gives: "same", flops: 1 },
  max: { class: "reduce", takes: "number", gives: "same", flops: 1 },
  overlap: { class: "reduce", takes: "number", gives: "same", flops: 1 },

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

  contract: { class: "contract", takes: "float", gives: "same", flops: 2 },
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
