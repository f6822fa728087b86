import type { Node, OpAttrs, OpName } from "../../graph/node.ts";
import { sizeOf } from "../../graph/shape.ts";
import { type Along, type Move, type Moves, relisted, renumbered } from "./axis.ts";

/**
 * How an op takes the entries along an axis one by one. All that is done along a batch follows from this table: `vmap` gives an op
 * an axis that it did not have, blocks shorten one, a layout moves it, a Jacobian's rows leave it out.
 */
export interface BatchRule<K extends OpName = OpName> {
  /** The axes along which each entry of the result depends on the operands' same entry alone, or is summed up with the others. */
  readonly axes: (node: Node<K>) => readonly Along[];
  /** The attributes when such an axis is elsewhere, has another length, is new, or is left out. */
  readonly attrs: (node: Node<K>, moves: Moves) => OpAttrs[K];
  /** Whether an operand, by its number, may lack an axis that others have. */
  readonly mayLack: (operand: number) => boolean;
}

type Attrs<K extends OpName> = BatchRule<K>["attrs"];
/** Of an axis of the first operand the place in the result, if it is followed. */
type Place<K extends OpName> = (node: Node<K>, axis: number) => Along["result"] | undefined;

const countTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const rankOf = (node: Node) => node.shape.length;

const same = <K extends OpName>({ attrs }: Node<K>) => attrs;

/** An op whose first operand alone matters. */
function moving<K extends OpName>(place: Place<K>, attrs: Attrs<K> = same): BatchRule<K> {
  const axes = (node: Node<K>) =>
    countTo(rankOf(node.inputs[0])).flatMap((axis) => {
      const result = place(node, axis);
      return result === undefined ? [] : [{ operands: [axis], result }];
    });
  return { axes, attrs, mayLack: () => false };
}

/** Every axis is followed, and all operands have it. */
const elementwise = <K extends OpName>(): BatchRule<K> => ({
  axes: ({ inputs, shape }) => shape.map((_, axis) => ({ operands: inputs.map(() => axis), result: axis })),
  attrs: same,
  mayLack: () => false,
});

/** Nothing is followed: leaves, which have no operands, and what is followed through its body (control.ts). */
const apart = <K extends OpName>(): BatchRule<K> => ({ axes: () => [], attrs: same, mayLack: () => true });

const reduce = <K extends "sum" | "max">(op: K): BatchRule<K> =>
  moving<K>(
    ({ attrs: { axes } }, axis) => (axes.includes(axis) ? op : axis - axes.filter((other) => other < axis).length),
    ({ attrs: { axes } }, { operands: [x] }) => {
      return { axes: axes.map((axis) => renumbered(axis, x)).sort((p, q) => p - q) } as OpAttrs[K];
    },
  );

/** The last operand, the start, lacks the axis along which the op runs. */
const running = <K extends "recurrence" | "cummax">(): BatchRule<K> => ({
  axes: ({ inputs, shape, attrs }) =>
    countTo(shape.length).flatMap((axis) => {
      if (axis === attrs.axis) return [];
      const start = axis > attrs.axis ? axis - 1 : axis;
      return [{ operands: [...inputs.slice(1).map(() => axis), start], result: axis }];
    }),
  attrs: ({ attrs }, { operands: [x] }) => ({ axis: renumbered(attrs.axis, x) }) as OpAttrs[K],
  mayLack: () => false,
});

/** An axis of as many entries, with as many elements before it, is the same. */
function inOtherShape(node: Node<"reshape">, axis: number): number | undefined {
  const [x] = node.inputs;
  const before = sizeOf(x.shape.slice(0, axis));
  const place = node.shape.findIndex((n, i) => n === x.shape[axis] && sizeOf(node.shape.slice(0, i)) === before);
  return place < 0 ? undefined : place;
}

/** The axes that an index does not reach, by their numbers in the table that it looks up in, and among what it picks there. */
function besideIndex(
  index: Node,
  axis: number,
  rank: number,
): readonly { readonly table: number; readonly picked: number }[] {
  const more = rankOf(index) - 1;
  return countTo(rank).flatMap((table) => {
    return table === axis ? [] : [{ table, picked: table < axis ? table : table + more }];
  });
}

export const batchRules: { readonly [K in OpName]: BatchRule<K> } = {
  constant: apart(),
  data: apart(),
  iota: apart(),
  input: apart(),
  parameter: apart(),
  formal: apart(),

  neg: elementwise(),
  abs: elementwise(),
  sign: elementwise(),
  floor: elementwise(),
  sqrt: elementwise(),
  exp: elementwise(),
  expm1: elementwise(),
  log: elementwise(),
  log1p: elementwise(),
  sin: elementwise(),
  cos: elementwise(),
  tanh: elementwise(),
  sigmoid: elementwise(),
  softplus: elementwise(),
  erf: elementwise(),
  tan: elementwise(),
  asin: elementwise(),
  acos: elementwise(),
  atan: elementwise(),
  sinh: elementwise(),
  cosh: elementwise(),
  asinh: elementwise(),
  acosh: elementwise(),
  atanh: elementwise(),
  log2: elementwise(),
  log10: elementwise(),
  exp2: elementwise(),
  cbrt: elementwise(),
  round: elementwise(),
  erfinv: elementwise(),
  lgamma: elementwise(),
  polygamma: elementwise(),
  erfc: elementwise(),
  normalCdf: elementwise(),
  not: elementwise(),
  stop: elementwise(),
  cast: elementwise(),

  add: elementwise(),
  sub: elementwise(),
  mul: elementwise(),
  div: elementwise(),
  maximum: elementwise(),
  minimum: elementwise(),
  pow: elementwise(),
  atan2: elementwise(),
  mod: elementwise(),
  lt: elementwise(),
  le: elementwise(),
  eq: elementwise(),
  ne: elementwise(),
  and: elementwise(),
  or: elementwise(),
  xor: elementwise(),
  shl: elementwise(),
  shr: elementwise(),

  where: elementwise(),

  sum: reduce("sum"),
  max: reduce("max"),
  overlap: moving(
    ({ attrs: { axis } }, at) => (at === axis || at === axis + 1 ? undefined : at - Number(at > axis)),
    ({ attrs }, { operands: [x] }) => ({ ...attrs, axis: renumbered(attrs.axis, x) }),
  ),

  recurrence: running(),
  cummax: running(),

  reshape: moving(inOtherShape, ({ attrs }, { result, size }) => ({ shape: relisted(attrs.shape, size, result) })),
  permute: moving(
    ({ attrs }, axis) => attrs.order.indexOf(axis),
    ({ attrs }, { operands: [x], result }) => {
      const order = attrs.order.map((axis) => renumbered(axis, x));
      return { order: relisted(order, x.to as number, result) };
    },
  ),
  expand: moving(
    ({ inputs: [x], shape }, axis) => (x.shape[axis] === shape[axis] ? axis : undefined),
    ({ attrs }, { result, size }) => ({ shape: relisted(attrs.shape, size, result) }),
  ),
  slice: moving(
    ({ inputs: [x], attrs }, axis) => {
      return attrs.start[axis] === 0 && attrs.stop[axis] === x.shape[axis] ? axis : undefined;
    },
    ({ attrs }, { operands: [x], size }) => {
      return { start: relisted(attrs.start, 0, x), stop: relisted(attrs.stop, size, x) };
    },
  ),
  pad: moving(
    ({ attrs }, axis) => (attrs.before[axis] === 0 && attrs.after[axis] === 0 ? axis : undefined),
    ({ attrs }, { operands: [x] }) => {
      return { before: relisted(attrs.before, 0, x), after: relisted(attrs.after, 0, x) };
    },
  ),
  flip: moving(
    ({ attrs }, axis) => (attrs.axes.includes(axis) ? undefined : axis),
    ({ attrs }, { operands: [x] }) => ({ axes: attrs.axes.map((axis) => renumbered(axis, x)) }),
  ),
  window: moving(
    ({ attrs }, axis) => (axis === attrs.axis ? undefined : axis + Number(axis > attrs.axis)),
    ({ attrs }, { operands: [x] }) => ({ ...attrs, axis: renumbered(attrs.axis, x) }),
  ),
  again: moving((_, axis) => axis),
  checkpoint: moving((_, axis) => axis),
  // A rule of one's own is written for the shapes that it was written with.
  custom: apart(),

  contract: {
    axes: ({ attrs: { a, b, out } }) => {
      // Entries of a diagonal are of two axes at once.
      const once = (labels: readonly number[], label: number) => labels.indexOf(label) === labels.lastIndexOf(label);
      const place = (labels: readonly number[], label: number) =>
        labels.includes(label) ? labels.indexOf(label) : undefined;
      return [...new Set([...a, ...b])].flatMap((label) => {
        if (!once(a, label) || !once(b, label)) return [];
        return [{ operands: [place(a, label), place(b, label)], result: place(out, label) ?? ("sum" as const) }];
      });
    },
    attrs: ({ attrs: { a, b, out } }, { operands: [x, y], result }) => {
      const labelled = (labels: readonly number[], { from }: Move) => (from === undefined ? undefined : labels[from]);
      const label = labelled(a, x) ?? labelled(b, y) ?? 1 + Math.max(-1, ...a, ...b);
      const moved = (labels: readonly number[], move: Move) => relisted(labels, labelled(labels, move) ?? label, move);
      return { a: moved(a, x), b: moved(b, y), out: moved(out, result) };
    },
    mayLack: () => true,
  },
  gather: {
    axes: ({ inputs: [x, index], attrs: { axis } }) => [
      ...besideIndex(index, axis, rankOf(x)).map(({ table, picked }) => ({
        operands: [table, undefined],
        result: picked,
      })),
      ...countTo(rankOf(index)).map((place) => ({ operands: [undefined, place], result: axis + place })),
    ],
    attrs: ({ attrs }, { operands: [x] }) => ({ ...attrs, axis: renumbered(attrs.axis, x) }),
    mayLack: () => true,
  },
  scatter: {
    axes: ({ inputs: [index], shape, attrs: { axis } }) => [
      ...besideIndex(index, axis, shape.length).map(({ table, picked }) => ({
        operands: [undefined, picked],
        result: table,
      })),
      ...countTo(rankOf(index)).map((place) => ({ operands: [place, axis + place], result: "sum" as const })),
    ],
    attrs: ({ attrs }, { result }) => ({ ...attrs, axis: renumbered(attrs.axis, result) }),
    mayLack: () => true,
  },
  scatterInto: {
    axes: ({ inputs: [index], shape, attrs: { axis } }) =>
      besideIndex(index, axis, shape.length).map(({ table, picked }) => ({
        operands: [undefined, picked, table],
        result: table,
      })),
    attrs: ({ attrs }, { result }) => ({ ...attrs, axis: renumbered(attrs.axis, result) }),
    mayLack: (operand) => operand === 0,
  },

  scan: apart(),
  while: apart(),
  cond: apart(),
  result: apart(),
};
