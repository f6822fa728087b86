import { checkpoint, concat, cond, einsum, scan, type Tensor, whileLoop, zeros } from "pondus";
import { broadcast } from "../../../src/graph/shape.ts";
import { type Mapping, mapped } from "./mapped.ts";
import { positions, Written } from "./written.ts";

/** One step of a recipe: which kind, and whole numbers that choose its operands and details. */
export interface Step {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export type Kind = (step: Step, pool: readonly Written[], lines: string[], map: Mapping) => Written;

const pick = <T>(list: readonly T[], i: number): T => list[i % list.length];

/** Keeps values where rounding stays small: everything that may have grown is squashed. */
function tame(x: Written): Written {
  if (x.bound <= 8) return x;
  return x.bound <= 100 ? x.call("mul", [1 / 16], x.bound / 16) : x.call("tanh", [], 1);
}

/** `y` itself when it broadcasts against `x` without blowing up, else its mean. */
function beside(x: Written, y: Written): Written {
  const shape = broadcast(x.shape, y.shape);
  return shape && shape.reduce((n, m) => n * m, 1) <= 120 && shape.length <= 4 ? y : y.call("mean");
}

/** Something positive and away from zero. */
const positive = (x: Written) => x.call("square", [], x.bound ** 2).call("add", [0.5], x.bound ** 2 + 0.5);

const unary: Kind = ({ a, b }, pool) => {
  const x = pick(pool, a);
  const p = positive(x);
  const makers: (() => Written)[] = [
    () => x.call("tanh", [], 1),
    () => x.call("sin", [], 1),
    () => x.call("cos", [], 1),
    () => x.call("sigmoid", [], 1),
    () => x.call("softplus", [], x.bound + 0.7),
    () => x.call("erf", [], 1),
    () => x.call("normalCdf", [], 1),
    () => x.call("neg"),
    () => x.call("abs"),
    () => x.call("square", [], x.bound ** 2),
    () => x.call("tanh", [], 1).call("exp", [], 2.8),
    () => x.call("sin", [], 1).call("expm1", [], 1.8),
    () => p.call("log", [], 5),
    () => p.call("log1p", [], 5),
    () => p.call("sqrt", [], x.bound + 1),
    () => p.call("pow", [-1], 2),
    () => p.call("pow", [0.3], x.bound + 1),
    () => x.call("floor", [], x.bound + 1),
    () => x.call("sign", [], 1),
    () => x.call("mul", [2], 2 * x.bound).call("add", [-0.25], 2 * x.bound + 1),
    () => x.call("clip", [-0.7, 0.9], 1),
  ];
  return pick(makers, b)();
};

const binary: Kind = ({ a, b, c }, pool) => {
  const x = pick(pool, a);
  const y = beside(x, pick(pool, b));
  const sum = x.bound + y.bound;
  const makers: (() => Written)[] = [
    () => x.call("add", [y], sum),
    () => x.call("sub", [y], sum),
    () => x.call("mul", [y], x.bound * y.bound),
    () => x.call("div", [positive(y)], 2 * x.bound),
    () => x.call("maximum", [y], sum),
    () => x.call("minimum", [y], sum),
    () => positive(x).call("pow", [y.call("tanh", [], 1)], x.bound ** 2 + 3),
    () => x.call("lt", [y]).call("where", [x, y], sum),
    () => x.call("ge", [y]).call("where", [y.call("sin", [], 1), 0.5], 1),
    () => x.call("mod", [positive(y)], y.bound ** 2 + 1),
  ];
  return pick(makers, c)();
};

const reduce: Kind = ({ a, b, c }, pool) => {
  const x = pick(pool, a);
  if (x.shape.length === 0) return x.call("sin", [], 1);
  const axis = b % x.shape.length;
  const axes = c % 5 === 0 ? [...x.shape.keys()] : c % 5 === 1 && axis > 0 ? [0, axis] : [axis];
  const keep = { keepDims: c % 2 === 0 };
  const size = axes.reduce((n, i) => n * x.shape[i], 1);
  const makers: (() => Written)[] = [
    () => x.call("sum", [axes, keep], size * x.bound),
    () => x.call("mean", [axes, keep]),
    () => x.call("max", [axes, keep]),
    () => x.call("min", [axes, keep]),
    () => x.call("logSumExp", [axes, keep], x.bound + Math.log(size)),
    () => x.call("variance", [axes, keep], x.bound ** 2),
    () => x.call("softmax", [axis], 1),
    () => x.call("cumsum", [axis], x.shape[axis] * x.bound),
    () => x.call("cumsum", [axis, { reverse: true, exclusive: true }], x.shape[axis] * x.bound),
    () => x.call("tanh", [], 1).call("cumprod", [axis], 1),
    () => x.call("cummax", [axis]),
    () => x.call("cummin", [axis, { reverse: true }]),
    () => x.call("logCumSumExp", [axis], x.bound + Math.log(size)),
    () => x.call("tanh", [], 1).call("prod", [axes, keep], 1),
  ];
  return pick(makers, c >> 1)();
};

const movement: Kind = ({ a, b, c }, pool) => {
  const x = pick(pool, a);
  const rank = x.shape.length;
  if (rank === 0) return x.call("expand", [pick([[3], [2, 3], [1]], b)]);
  const axis = b % rank;
  const n = x.shape[axis];
  const makers: (() => Written)[] = [
    () => (rank > 1 ? x.call("transpose", [axis, (axis + 1) % rank]) : x.call("unsqueeze", [c % 2])),
    () => (rank > 2 ? x.call("permute", [[1, 2, 0, ...[...x.shape.keys()].slice(3)]]) : x.call("flip", [axis])),
    () => (n > 1 ? x.call("slice", [c % 2, Math.max(1 + (c % 2), n - (c % 3)), axis]) : x.call("squeeze", [axis])),
    () => x.call("padAxis", [c % 3, (c >> 1) % 2, axis]),
    () => x.call("flip", [c % 2 ? axis : [...x.shape.keys()]]),
    () => x.call("flatten"),
    () =>
      n % 2 === 0
        ? x.call("reshape", [[...x.shape.slice(0, axis), 2, n / 2, ...x.shape.slice(axis + 1)]])
        : x.call("flatten"),
    () => (rank < 3 ? x.call("expand", [[2, ...x.shape]]) : x.call("at", [0, axis])),
    () => x.call("at", [c % n, axis]),
    () => x.call("roll", [1 + (c % 5), axis]),
    () => (rank > 2 ? x.call("tril", [(c % 3) - 1]) : x.call("repeat", [2, axis])),
    () => {
      const [dilation, size] = n > 2 ? [1 + (c % 2), 2] : [1, 1 + (c % n)];
      if (rank > 1 && a % 2 === 0) {
        const i = Math.min(axis, rank - 2);
        const terms = Math.min(x.shape[i], x.shape[i + 1]);
        return x.call("overlapAdd", [i, { stride: 1 + (b % 3), dilation }], terms * x.bound);
      }
      return rank > 3
        ? x.call("sum", [axis], n * x.bound)
        : x.call("window", [size, axis, { stride: 1 + (b % 3), dilation }]);
    },
    () => new Written(concat([x.tensor, x.tensor], axis), `concat([${x.text}, ${x.text}], ${axis})`, x.bound),
  ];
  return pick(makers, c >> 2)();
};

const contract: Kind = ({ a, b, c }, pool) => {
  const x = pick(pool, a);
  const y = pick(pool, b);
  const [rx, ry] = [x.shape.length, y.shape.length];
  if (rx === 0 || ry === 0) return x.call("mul", [beside(x, y)], x.bound * y.bound);
  const letters = [..."abcdefghijklmnop"];
  const left = letters.slice(0, rx);
  const right = letters.slice(8, 8 + ry);
  const inner = [...x.shape.keys()].flatMap((i) =>
    [...y.shape.keys()].flatMap((j) => (x.shape[i] === y.shape[j] ? [[i, j]] : [])),
  );
  if (inner.length === 0) return x.call("flatten").call("matmul", [x.call("flatten")], x.bound ** 2 * x.tensor.size);
  const [i, j] = pick(inner, c);
  right[j] = left[i];
  const other = inner.find(([p, q]) => p !== i && q !== j);
  const batch = other !== undefined && c % 3 === 0;
  if (batch) right[other[1]] = left[other[0]];
  const out = [...new Set([...left, ...right])].filter((l) => l !== left[i]);
  if (out.length > 3) return x.call("mul", [y.call("mean")], x.bound * y.bound);
  if (c % 2) out.reverse();
  const spec = `${left.join("")},${right.join("")}->${out.join("")}`;
  const bound = x.shape[i] * x.bound * y.bound;
  return new Written(einsum(spec, x.tensor, y.tensor), `einsum("${spec}", ${x.text}, ${y.text})`, bound);
};

const gather: Kind = ({ a, b, c }, pool) => {
  const x = pick(pool, a);
  if (x.shape.length === 0) return x.call("expand", [[3]]);
  const axis = b % x.shape.length;
  const n = x.shape[axis];
  if (c % 3 === 0) {
    const at = positions(Array.from({ length: n }, (_, i) => (i * (c + 1)) % (n + 1)));
    return x.call("scatterAdd", [at, 3, axis], n * x.bound);
  }
  if (c % 5 === 1) return x.call("sort", [axis, { descending: c % 2 === 0 }]);
  if (c % 5 === 2) {
    const at = positions([c % n, 0, (c >> 1) % (n + 2)]);
    const combine = pick(["set", "add", "min", "max"] as const, c >> 2);
    const updates = x.call("gather", [positions([n - 1, 0, c % n]), axis]).call("sin", [], 1);
    return x.call("scatter", [at, updates, { axis, combine }], x.bound + 3);
  }
  return x.call("gather", [positions([c % n, 0, n - 1, (c >> 1) % (n + 2)]), axis]);
};

/** A body of one to three steps on the carry, a slice or counter, and what it captures. */
function body(step: Step, pool: readonly Written[], lines: string[], map: Mapping): Written {
  const inner = [...pool];
  for (let i = 0; i <= step.c % 3; i++) {
    const next = kinds[(step.kind + step.a * 7 + i * 3) % plain](
      { kind: 0, a: step.a + i, b: step.b + 2 * i, c: step.c + 5 * i },
      inner,
      lines,
      map,
    );
    inner.unshift(named(tame(next), `u${lines.length}`, lines));
  }
  return inner[0];
}

/** `value` made to fit the carry, whose shape must not change. */
function carryOf(h: Written, value: Written): Written {
  const fits = value.shape.join() === h.shape.join();
  return h
    .call("mul", [0.5])
    .call("add", [fits ? value : value.call("mean")], 9)
    .call("tanh", [], 1);
}

const loop: Kind = (step, pool, lines, map) => {
  const [start, x] = [pick(pool, step.a), pick(pool, step.b)];
  const init = start.call("tanh", [], 1);
  const along = x.shape.length > 0;
  const reverse = step.c % 2 === 1;
  const inside: string[] = [];
  let y = "";
  let bound = 1;
  const result = scan(
    { h: init.tensor },
    ({ h }, { e }) => {
      const carry = new Written(h, "h", 1);
      const item = along ? new Written(e, "e", x.bound) : x;
      const value = body(step, [carry, item, ...pool.slice(0, 2)], inside, map);
      const next = carryOf(carry, value);
      y = next.text;
      bound = value.bound;
      return { carry: { h: next.tensor }, out: { y: value.tensor } };
    },
    along ? { xs: { e: x.tensor }, reverse } : { xs: { e: zeros([3], "int32") }, reverse },
  );
  const stack = step.c % 4 < 2;
  lines.push(
    `const r${lines.length} = scan({ h: ${init.text} }, ({ h }, { e }) => {`,
    ...inside.map((l) => `  ${l}`),
    `  return { carry: { h: ${y} }, out: { y: ${inside.at(-1)?.split(" ")[1]} } };`,
    `}, { xs: { e: ${along ? x.text : 'zeros([3], "int32")'} }, reverse: ${reverse} }); // gives ${stack ? "out.y" : "carry.h"}`,
  );
  return stack && result.out.y.size <= 200
    ? new Written(result.out.y, `r${lines.length - 3 - inside.length}.out.y`, bound)
    : new Written(result.carry.h, `r${lines.length - 3 - inside.length}.carry.h`, 1);
};

const branch: Kind = (step, pool, lines, map) => {
  const test = pick(pool, step.a).call("mean").call("gt", [0]);
  const branches: string[][] = [[], []];
  const h = new Written(pick(pool, step.b).tensor, pick(pool, step.b).text, pick(pool, step.b).bound);
  const texts: string[] = [];
  const side = (i: number) => () => {
    const value = body({ ...step, a: step.a + i, c: step.c + i }, pool, branches[i], map);
    const out = carryOf(h, value);
    texts[i] = out.text;
    return { y: out.tensor };
  };
  const { y } = cond(test.tensor, side(0), side(1));
  const [yes, no] = branches.map((b, i) => `() => { ${[...b, `return { y: ${texts[i]} };`].join(" ")} }`);
  const name = `r${lines.length}`;
  lines.push(`const ${name} = cond(${test.text}, ${yes}, ${no});`);
  return new Written(y, `${name}.y`, 1);
};

const whiles: Kind = (step, pool, lines, map) => {
  const init = pick(pool, step.a).call("tanh", [], 1);
  const count = step.b % 4;
  const inside: string[] = [];
  let text = "";
  const { h, rows } = whileLoop(
    { i: zeros([], "int32"), h: init.tensor, rows: zeros([4, ...init.shape], init.tensor.dtype) },
    (c) => c.i.lt(count),
    (c) => {
      const carry = new Written(c.h, "h", 1);
      const next = carryOf(carry, body(step, [carry, ...pool.slice(0, 2)], inside, map));
      text = next.text;
      const row = c.h.unsqueeze(0).scatterAdd(c.i.unsqueeze(0), 4);
      return { i: c.i.add(1), h: next.tensor, rows: c.rows.add(row) };
    },
    { limit: 4 },
  );
  const name = `r${lines.length}`;
  const row = "rows.add(h.unsqueeze(0).scatterAdd(i.unsqueeze(0), 4))";
  const code = [...inside, `return { i: i.add(1), h: ${text}, rows: ${row} };`].join(" ");
  lines.push(
    `const ${name} = whileLoop({ i: zeros([], "int32"), h: ${init.text}, rows: zeros([4, ${init.shape}], "${init.tensor.dtype}") }, ({ i }) => i.lt(${count}), ({ i, h, rows }) => { ${code} }, { limit: 4 });`,
  );
  return new Written(h.add(rows.mean(0)), `${name}.h.add(${name}.rows.mean(0))`, 2);
};

const checkpointed: Kind = (step, pool, lines, map) => {
  const x = pick(pool, step.a).call("tanh", [], 1);
  const inside: string[] = [];
  let value = x;
  const y = checkpoint((h: Tensor) => {
    value = body(step, [new Written(h, "h", 1), ...pool.slice(0, 2)], inside, map);
    return value.tensor;
  })(x.tensor);
  const name = `r${lines.length}`;
  lines.push(`const ${name} = checkpoint((h) => { ${[...inside, `return ${value.text};`].join(" ")} })(${x.text});`);
  return new Written(y, name, value.bound);
};

const kinds: readonly Kind[] = [
  unary,
  binary,
  reduce,
  movement,
  contract,
  gather,
  unary,
  binary,
  movement,
  contract,
  loop,
  loop,
  branch,
  whiles,
  checkpointed,
  mapped(take),
];
/** Kinds before this place make no loop or branch of their own, and may stand in a body. */
const plain = 10;

export const kindCount = kinds.length;
/** The kind that makes a branch. */
export const branchKind = kinds.indexOf(branch);

export function named(x: Written, name: string, lines: string[]): Written {
  lines.push(`const ${name} = ${x.text};`);
  return new Written(x.tensor, name, x.bound);
}

/** Applies one step of a recipe. */
export function take(step: Step, pool: readonly Written[], lines: string[], map: Mapping): Written {
  return tame(kinds[step.kind % kinds.length](step, pool, lines, map));
}
