import { bytesOf, type DType, isFloat } from "./dtype.ts";
import { InternalError, PondusError } from "./errors.ts";
import type { Node, OpAttrs, OpName } from "./node.ts";
import { type OpFacts, ops } from "./ops.ts";
import { describeOrigin } from "./origin.ts";
import { formatShape, requireShape, sameShape, sizeOf, type TensorType } from "./shape.ts";

/** The type of each op's result, from its inputs and attributes. Shapes were broadcast before they come here. */
type TypeRule<K extends OpName> = (inputs: readonly Node[], attrs: OpAttrs[K]) => TensorType;

/** The type that a leaf states, once it is one. */
function stated(what: string, { shape, dtype }: TensorType): TensorType {
  requireShape(what, shape);
  return { shape, dtype: known(what, dtype) };
}

function known(what: string, dtype: DType): DType {
  if (Object.hasOwn(bytesOf, dtype)) return dtype;
  throw new PondusError(
    "dtype.unknown",
    `${what}: "${dtype}" is no element type; choose from ${Object.keys(bytesOf).join(", ")}.`,
  );
}

/** An int32 counts so many entries. */
const countable = 2 ** 31;

const typeOf = (x: Node): TensorType => ({ shape: x.shape, dtype: x.dtype });
/** A control node has several results; only `result` sees them. */
const several: TensorType = { shape: [], dtype: "float32" };

const elementwise =
  (op: OpName) =>
  (inputs: readonly Node[]): TensorType => {
    const [first] = inputs;
    requireDtype(op, first);
    for (let i = 1; i < inputs.length; i++) {
      const x = inputs[i];
      if (x.dtype !== first.dtype) {
        requireDtype(op, x);
        throw mixed(op, first, x);
      }
      if (!sameShape(x.shape, first.shape)) throw new InternalError(`${op}: operands were not broadcast`);
    }
    return { shape: first.shape, dtype: ops[op].gives === "bool" ? "bool" : first.dtype };
  };

const reduced =
  (op: OpName) =>
  ([x]: readonly Node[], { axes }: { axes: readonly number[] }): TensorType => {
    requireDtype(op, x);
    return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
  };

/** All inputs are of one type; the last lacks the axis that the others have. */
const running =
  (op: OpName) =>
  (inputs: readonly Node[], { axis }: { axis: number }): TensorType => {
    const [x] = inputs;
    requireDtype(op, x);
    inputs.forEach((y, i) => {
      if (y.dtype !== x.dtype) throw mixed(op, x, y);
      const shape = i < inputs.length - 1 ? x.shape : x.shape.filter((_, k) => k !== axis);
      if (!sameShape(y.shape, shape)) throw new InternalError(`${op}: operands do not fit`);
    });
    return typeOf(x);
  };

export const typeRules: { readonly [K in OpName]: TypeRule<K> } = {
  constant: (_, { dtype }) => stated("a number", { shape: [], dtype }),
  data: (_, type) => stated("tensor", type),
  iota: (_, { length }) => {
    if (length > countable) throw new PondusError("shape.size", `arange: int32 does not count to ${length}.`);
    return stated("arange", { shape: [length], dtype: "int32" });
  },
  input: (_, type) => stated(`input "${type.name}"`, type),
  parameter: (_, { parameter }) => stated(parameter.name, parameter),
  formal: (_, { shape, dtype }) => ({ shape, dtype }),

  neg: elementwise("neg"),
  abs: elementwise("abs"),
  sign: elementwise("sign"),
  floor: elementwise("floor"),
  sqrt: elementwise("sqrt"),
  exp: elementwise("exp"),
  expm1: elementwise("expm1"),
  log: elementwise("log"),
  log1p: elementwise("log1p"),
  sin: elementwise("sin"),
  cos: elementwise("cos"),
  tanh: elementwise("tanh"),
  sigmoid: elementwise("sigmoid"),
  softplus: elementwise("softplus"),
  erf: elementwise("erf"),
  tan: elementwise("tan"),
  asin: elementwise("asin"),
  acos: elementwise("acos"),
  atan: elementwise("atan"),
  sinh: elementwise("sinh"),
  cosh: elementwise("cosh"),
  asinh: elementwise("asinh"),
  acosh: elementwise("acosh"),
  atanh: elementwise("atanh"),
  log2: elementwise("log2"),
  log10: elementwise("log10"),
  exp2: elementwise("exp2"),
  cbrt: elementwise("cbrt"),
  round: elementwise("round"),
  erfinv: elementwise("erfinv"),
  lgamma: elementwise("lgamma"),
  polygamma: elementwise("polygamma"),
  erfc: elementwise("erfc"),
  normalCdf: elementwise("normalCdf"),
  not: elementwise("not"),
  stop: elementwise("stop"),
  cast: ([x], { to }) => ({ shape: x.shape, dtype: known("cast", to) }),

  add: elementwise("add"),
  sub: elementwise("sub"),
  mul: elementwise("mul"),
  div: elementwise("div"),
  maximum: elementwise("maximum"),
  minimum: elementwise("minimum"),
  pow: elementwise("pow"),
  atan2: elementwise("atan2"),
  mod: elementwise("mod"),
  lt: elementwise("lt"),
  le: elementwise("le"),
  eq: elementwise("eq"),
  ne: elementwise("ne"),
  and: elementwise("and"),
  or: elementwise("or"),
  xor: elementwise("xor"),
  shl: elementwise("shl"),
  shr: elementwise("shr"),

  where: ([test, yes, no]) => {
    if (test.dtype !== "bool") throw wrongDtype("where", "a bool condition", test);
    if (yes.dtype !== no.dtype) throw mixed("where", yes, no);
    return typeOf(yes);
  },

  sum: reduced("sum"),
  max: reduced("max"),
  overlap: ([x], { axis, dilation }) => {
    requireDtype("overlap", x);
    const [count, size] = x.shape.slice(axis);
    const length = count + (size - 1) * dilation;
    return { shape: [...x.shape.slice(0, axis), length, ...x.shape.slice(axis + 2)], dtype: x.dtype };
  },

  recurrence: running("recurrence"),
  cummax: running("cummax"),

  reshape: ([x], { shape }) => {
    requireShape("reshape", shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new PondusError(
        "shape.reshape",
        `reshape: ${formatShape(x.shape)} has ${sizeOf(x.shape)} elements and ${formatShape(shape)} has ` +
          `${sizeOf(shape)}${describeOrigin(x.origin)}.`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  permute: ([x], { order }) => ({ shape: order.map((axis) => x.shape[axis]), dtype: x.dtype }),
  expand: ([x], { shape }) => stated("expand", { shape, dtype: x.dtype }),
  slice: ([x], { start, stop }) => ({ shape: start.map((from, axis) => stop[axis] - from), dtype: x.dtype }),
  pad: ([x], { before, after }) => ({ shape: x.shape.map((n, i) => before[i] + n + after[i]), dtype: x.dtype }),
  flip: ([x]) => typeOf(x),
  window: ([x], { axis, size, stride, dilation }) => {
    const count = Math.floor((x.shape[axis] - (size - 1) * dilation - 1) / stride) + 1;
    return { shape: [...x.shape.slice(0, axis), count, size, ...x.shape.slice(axis + 1)], dtype: x.dtype };
  },
  again: ([x]) => typeOf(x),
  checkpoint: ([x]) => typeOf(x),
  custom: ([x]) => typeOf(x),

  contract: ([x, y], { a, b, out }) => {
    requireDtype("contract", x);
    if (x.dtype !== y.dtype) throw mixed("matmul", x, y);
    const size = new Map<number, number>();
    a.forEach((label, i) => size.set(label, x.shape[i]));
    b.forEach((label, i) => size.set(label, y.shape[i]));
    return { shape: out.map((label) => size.get(label) as number), dtype: x.dtype };
  },
  gather: ([x, index], { axis }) => {
    if (index.dtype !== "int32") throw wrongDtype("gather", "int32 indices", index);
    requireEntries("gather", x.shape[axis], index);
    return { shape: [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)], dtype: x.dtype };
  },
  scatter: ([index, updates], { axis, size }) => {
    if (index.dtype !== "int32") throw wrongDtype("scatter", "int32 indices", index);
    requireDtype("scatter", updates);
    requireShape("scatterAdd", [size]);
    requireEntries("scatterAdd", size, index);
    const rest = updates.shape.slice(axis + index.shape.length);
    return { shape: [...updates.shape.slice(0, axis), size, ...rest], dtype: updates.dtype };
  },
  scatterInto: ([index, updates, base], { axis, combine }) => {
    if (index.dtype !== "int32") throw wrongDtype("scatter", "int32 indices", index);
    if (updates.dtype !== base.dtype) throw mixed("scatter", base, updates);
    requireEntries("scatter", base.shape[axis], index);
    if (combine !== "set" && base.dtype === "bool") throw wrongDtype(`scatter with ${combine}`, "numbers", base);
    return typeOf(base);
  },

  scan: () => several,
  while: () => several,
  cond: () => several,
  result: ([control], { index }) => resultTypes(control)[index],
};

/** How many iterations a loop takes at most; infinite where it has no limit. */
export function iterationsOf(loop: { readonly length: number } | { readonly limit: number | undefined }): number {
  return "length" in loop ? loop.length : (loop.limit ?? Number.POSITIVE_INFINITY);
}

/** The types of a control node's results, in the order that `result` counts. */
export function resultTypes(node: Node): readonly TensorType[] {
  let types = resultLists.get(node);
  if (!types) {
    types = typesOfResults(node);
    resultLists.set(node, types);
  }
  return types;
}

const resultLists = new WeakMap<Node, readonly TensorType[]>();

function typesOfResults(node: Node): readonly TensorType[] {
  if (node.is("scan") || node.is("while")) {
    const { carry, ys } = node.attrs;
    return [
      ...carry.map(typeOf),
      ...ys.map((y) => ({ shape: [iterationsOf(node.attrs), ...y.shape], dtype: y.dtype })),
    ];
  }
  if (node.is("cond")) return node.attrs.whenTrue.map(typeOf);
  throw new InternalError(`${node.op} has one result`);
}

/** An index that is clamped to a range needs one: no entry is the nearest where there is none. */
function requireEntries(what: string, size: number, index: Node): void {
  if (size > 0 || sizeOf(index.shape) === 0) return;
  throw new PondusError(
    "shape.empty",
    `${what}: the axis has no entries, so the index ${formatShape(index.shape)}${describeOrigin(index.origin)} finds none; ` +
      "only an index without entries fits.",
  );
}

const accepts: { readonly [T in OpFacts["takes"]]: (dtype: DType) => boolean } = {
  float: isFloat,
  number: (d) => d !== "bool",
  int: (d) => d === "int32",
  bool: (d) => d === "bool",
  bits: (d) => d === "int32" || d === "bool",
  any: () => true,
};

function requireDtype(op: OpName, x: Node): void {
  const { takes } = ops[op];
  if (!accepts[takes](x.dtype)) {
    const wanted = {
      float: "float32 or float64",
      number: "numbers",
      int: "int32",
      bool: "bool",
      bits: "int32 or bool",
      any: "",
    };
    throw wrongDtype(op, wanted[takes], x);
  }
}

function wrongDtype(op: string, wanted: string, x: Node): PondusError {
  const mend = wanted.startsWith("float") ? `; cast it first, e.g. x.cast("float32")` : "";
  return new PondusError(
    "dtype.unsuitable",
    `${op} takes ${wanted}, but ${x.dtype} ${formatShape(x.shape)} came${describeOrigin(x.origin)}${mend}.`,
  );
}

function mixed(op: string, x: Node, y: Node): PondusError {
  return new PondusError(
    "dtype.mixed",
    `${op}: ${x.dtype} ${formatShape(x.shape)}${describeOrigin(x.origin)} with ${y.dtype} ${formatShape(y.shape)}` +
      `${describeOrigin(y.origin)}; types are never mixed silently, so cast one, e.g. x.cast("${x.dtype}").`,
  );
}
