import {
  arange,
  compile,
  concat,
  cond,
  einsum,
  eye,
  grad,
  jvp,
  linspace,
  parameter,
  parameterOf,
  random,
  repeat,
  scan,
  stack,
  tensor,
  vjp,
  where,
  whileLoop,
  zeros,
} from "pondus";
import { describe, expect, test } from "vitest";
import { errorOf, here } from "../support/places.ts";

const rows = [
  [0.5, 1.5, 2.5],
  [3.5, 4.5, 5.5],
];
const [x, made] = [tensor(rows), here()];
const sequence = zeros([4, 2]);
/** What is wrong, the code, what the message says, the mistake. */
const mistakes: readonly (readonly [string, string, RegExp, () => unknown])[] = [
  ["axis", "shape.axis", /sum: axis 2 is not in \[2,3\].*which has 2 axes/, () => x.sum(2)],
  ["axis of max", "shape.axis", /max: axis -3 is not in \[2,3\]/, () => x.max(-3)],
  ["reshape", "shape.reshape", /\[2,3\] has 6 elements and \[4\] has 4/, () => x.reshape([4])],
  ["reshape, no fit", "shape.reshape", /-1 in \[4,-1\] for the 6 elements of \[2,3\]/, () => x.reshape([4, -1])],
  ["reshape, two holes", "shape.reshape", /-1 in \[-1,-1\]/, () => x.reshape([-1, -1])],
  ["permute", "shape.permute", /\[0,0\] must name each of the 2 axes of \[2,3\]/, () => x.permute([0, 0])],
  ["permute, too many", "shape.permute", /\[0,1,1\] must name each/, () => x.permute([0, 1, 1])],
  ["expand", "shape.expand", /\[2,3\].* cannot spread to \[4,3\]/, () => x.expand([4, 3])],
  ["unsqueeze", "shape.axis", /\[2,3\].* has no place 4/, () => x.unsqueeze(4)],
  ["squeeze", "shape.squeeze", /axis 1 of \[2,3\].* has size 3, not 1/, () => x.squeeze(1)],
  ["slice", "shape.slice", /1 to 5 is no range of axis 1 of \[2,3\]/, () => x.slice(1, 5, 1)],
  ["slice, half", "shape.slice", /0.5 to the end/, () => x.slice(0.5, undefined, 1)],
  ["at", "shape.at", /axis 0 of \[2,3\].* has no entry 2/, () => x.at(2)],
  ["at, far below", "shape.at", /axis 1 of \[2,3\].* has no entry -5/, () => x.at(-5, 1)],
  ["pad", "shape.pad", /-1 and 0 must be whole numbers from 0; use slice/, () => x.padAxis(-1, 0, 0)],
  ["zeros, negative", "shape.size", /^zeros: /, () => zeros([-1])],
  ["max of nothing", "shape.empty", /\[0,3\].* has no elements/, () => zeros([0, 3]).max(0)],
  ["matmul, scalar", "shape.matmul", /\[2,3\] x \[\].*use mul/, () => x.matmul(tensor(2))],
  [
    "matmul, leading",
    "shape.matmul",
    /leading sizes of \[2,1,3\].* x \[4,3,3\]/,
    () => zeros([2, 1, 3]).matmul(zeros([4, 3, 3])),
  ],
  ["scatter", "shape.scatter", /index is \[3\].*values are \[2\].*\[2,3\]/, () => x.scatterAdd(zeros([3], "int32"), 4)],
  ["gather, type", "dtype.unsuitable", /gather takes int32 indices, but float32 \[2,3\]/, () => x.gather(x)],
  ["where, condition", "dtype.unsuitable", /where takes a bool condition, but float32 \[2,3\]/, () => x.where(x, x)],
  ["where, numbers", "where.numbers", /one of the two choices must be a tensor/, () => where(x.gt(0), 1, 2)],
  ["where, types", "dtype.mixed", /float32 \[2,3\].* with int32 \[2,3\]/, () => x.gt(0).where(x, x.cast("int32"))],
  ["gather, no entries", "shape.empty", /gather: .*\[2\].* finds none/, () => zeros([0]).gather(zeros([2], "int32"))],
  ["cumsum of bools", "dtype.unsuitable", /cumsum takes numbers, but bool \[2,3\]/, () => x.gt(0).cumsum()],
  ["cummin, no axis", "shape.axis", /cummin: axis 2 is not in \[2,3\]/, () => x.cummin(2)],
  ["prod of bools", "dtype.unsuitable", /prod takes numbers/, () => x.gt(0).prod()],
  ["topK, too many", "shape.topk", /from 0 to 3, .* of \[2,3\].*, but it is 4/, () => x.topK(4)],
  ["searchsorted, matrix", "tensor.option", /looks in a vector.*\[2,3\]/, () => x.searchsorted(x)],
  ["split, sizes", "shape.split", /1 \+ 3 must add up to 3/, () => x.split([1, 3], 1)],
  ["split, nothing", "shape.size", /from 1, but it is 0/, () => x.split(0)],
  ["tile, half", "shape.size", /a count must be a whole number from 0/, () => x.tile([0.5])],
  ["diag, axes", "shape.rank", /has 3 axes; use diagonal/, () => x.unsqueeze(0).diag()],
  ["diagonal, one axis", "shape.axis", /are the same one/, () => x.diagonal(0, 1, -1)],
  ["takeAlongAxis, rank", "shape.index", /as many axes as \[2,3\]/, () => x.takeAlongAxis(zeros([3], "int32"))],
  [
    "scatter, updates",
    "shape.scatter",
    /\[2\].* do not spread to \[1,3\]/,
    () => x.scatter(zeros([1], "int32"), zeros([2])),
  ],
  [
    "scatter, combine",
    "tensor.option",
    /it is sub/,
    () => x.scatter(zeros([1], "int32"), 1, { combine: "sub" as never }),
  ],
  [
    "scatter, bools",
    "dtype.unsuitable",
    /takes numbers/,
    () => x.gt(0).scatter(zeros([1], "int32"), x.gt(0).at(0), { combine: "max" }),
  ],
  ["einsum, lost axes", "einsum.spec", /missing from the result/, () => einsum("...i->i", x)],
  ["einsum, dots", "einsum.spec", /other dots/, () => einsum("..i", x)],
  [
    "stack, shapes",
    "shape.concat",
    /stack: float32 \[3\].* does not fit beside float32 \[2,3\]/,
    () => stack([x, x.at(0)]),
  ],
  ["tril, half", "shape.size", /tril: the diagonal must be a whole number, but it is 0.5/, () => x.tril(0.5)],
  ["scatter, no entries", "shape.empty", /\[2\].* finds none/, () => x.scatterAdd(zeros([2], "int32"), 0)],
  ["scatter, half", "shape.size", /scatterAdd: \[1.5\] is no shape/, () => x.scatterAdd(zeros([2], "int32"), 1.5)],
  ["int32, half", "dtype.fraction", /tensor, entry 1, is 0.5.*round it/, () => tensor([1, 0.5], { dtype: "int32" })],
  ["int32, NaN", "dtype.fraction", /is NaN/, () => tensor([Number.NaN], { dtype: "int32" })],
  ["int32, large", "dtype.range", /entry 0, is 2147483648.*2147483647/, () => tensor([2 ** 31], { dtype: "int32" })],
  ["int32, number", "dtype.range", /number beside a tensor is -2147483649/, () => arange(2).add(-(2 ** 31) - 1)],
  ["int32, parameter", "dtype.fraction", /entry 0, is 1.5/, () => parameter([1], [1.5], { dtype: "int32" })],
  ["negative sizes", "shape.size", /\[-2,-3\] is no shape.* one is -2/, () => x.reshape([-2, -3])],
  ["full, below 0", "shape.size", /\[-1\] is no shape/, () => zeros([-1])],
  ["arange, half", "shape.size", /arange: \[2.5\]/, () => arange(2.5)],
  ["arange, too long", "shape.size", /int32 does not count to 3000000000/, () => arange(3e9)],
  ["eye, below 0", "shape.size", /eye: \[-1,-1\]/, () => eye(-1)],
  ["linspace, half", "shape.size", /linspace: \[2.5\]/, () => linspace(0, 1, 2.5)],
  ["tensor, below 0", "shape.size", /\[-1,-2\]/, () => tensor([1, 2], { shape: [-1, -2] })],
  ["parameter, half", "shape.size", /\[1.5\]/, () => parameter([1.5])],
  ["input, below 0", "shape.size", /input "x": \[-1\]/, () => compile(({ x }) => ({ x }), { x: [-1] })],
  ["type", "dtype.unknown", /"float16" is no element type/, () => x.cast("float16" as "float32")],
  [
    "scan, half",
    "shape.size",
    /scan, along its length: \[2.5\]/,
    () => scan({ x }, (c) => ({ carry: c }), { length: 2.5 }),
  ],
  [
    "whileLoop, limit",
    "shape.size",
    /by its limit: \[-1\]/,
    () =>
      whileLoop(
        { x },
        () => tensor(1, { dtype: "bool" }),
        (c) => c,
        { limit: -1 },
      ),
  ],
  ["ragged", "shape.ragged", /entry 1 is \[1\] where entry 0 is \[2\]/, () => tensor([[1, 2], [3]])],
  ["data", "values.size", /\[2,2\] and takes 4 numbers, but 3 came/, () => tensor([1, 2, 3], { shape: [2, 2] })],
  ["concat, none", "shape.concat", /at least one/, () => concat([])],
  ["concat, shapes", "shape.concat", /\[2,2\].* does not fit beside float32 \[2,3\]/, () => concat([x, zeros([2, 2])])],
  ["concat, types", "shape.concat", /int32 \[2,3\].* beside float32 \[2,3\]/, () => concat([x, x.cast("int32")])],
  ["concat, axis", "shape.axis", /concat: axis 2 is not in \[2,3\]/, () => concat([x, x], 2)],
  ["einsum, letters", "einsum.spec", /"ijk" names 3 axes of \[2,3\]/, () => einsum("ijk,k->ij", x, tensor([1]))],
  [
    "einsum, sizes",
    "einsum.spec",
    /"j" is both 3 and 2; operands are \[2,3\].* and \[2,3\]/,
    () => einsum("ij,jk->ik", x, x),
  ],
  ["einsum, count", "einsum.spec", /2 terms for 1 operands/, () => einsum("ij,jk->ik", x)],
  ["einsum, result", "einsum.spec", /"z" of the result is in no operand/, () => einsum("ij->iz", x)],
  ["einsum, twice", "einsum.spec", /repeats a letter/, () => einsum("ij->ii", x)],
  ["einsum, nonsense", "einsum.spec", /something like "ij,jk->ik"/, () => einsum("i.j", x)],
  ["scan, no length", "control.length", /give `length`, or `xs`/, () => scan({ x }, (c) => ({ carry: c }))],
  [
    "scan, lengths",
    "control.length",
    /b is \[2,3\].* but the loop has 4 steps/,
    () => scan({ x }, (c) => ({ carry: c }), { xs: { a: sequence, b: x } }),
  ],
  [
    "scan, carry",
    "control.type",
    /scan: s enters as float32 \[2,3\] and comes back as float32 \[2\]/,
    () => scan({ s: x }, ({ s }) => ({ carry: { s: s.sum(1) } }), { length: 3 }),
  ],
  [
    "scan, a carry missing",
    "control.type",
    /scan: t is missing.*\(s\)/,
    () => scan({ s: x, t: x }, ({ s }) => ({ carry: { s } }) as never, { length: 3 }),
  ],
  [
    "cond, condition",
    "control.condition",
    /one bool, but it is bool \[2,3\]/,
    () =>
      cond(
        x.gt(0),
        () => ({ x }),
        () => ({ x }),
      ),
  ],
  [
    "cond, branches",
    "control.type",
    /cond: y enters as float32 \[2,3\] and comes back as float32 \[3\]/,
    () =>
      cond(
        x.sum().gt(0),
        () => ({ y: x }),
        () => ({ y: x.sum(0) }),
      ),
  ],
  [
    "while, condition",
    "control.condition",
    /one bool, but it is float32 \[\]/,
    () =>
      whileLoop(
        { x },
        (c) => c.x.sum(),
        (c) => c,
      ),
  ],
  ["grad, not a scalar", "grad.scalar", /one float, but it is float32 \[2,3\].*loss.mean\(\)/, () => grad(x.exp(), x)],
  ["grad, not a float", "grad.scalar", /one float, but it is int32 \[\]/, () => grad(x.cast("int32").sum(), x)],
  ["grad, by whole numbers", "grad.dtype", /int32 \[2,3\].*cast it first/, () => grad(x.sum(), x.cast("int32"))],
  [
    "vjp, cotangent",
    "grad.type",
    /cotangent 0 should be float32 \[2,3\], but float32 \[3\]/,
    () => vjp(x.exp(), x.sum(0), x),
  ],
  [
    "jvp, tangent",
    "grad.type",
    /tangent 0 should be float32 \[2,3\], but float64/,
    () => jvp(x.exp(), x, x.cast("float64")),
  ],
  [
    "grad of an unbounded loop",
    "grad.unbounded",
    /without a limit.*give \{ limit: n \}.*jvp/,
    () =>
      grad(
        whileLoop(
          { x },
          (c) => c.x.sum().lt(9),
          (c) => ({ x: c.x.mul(2) }),
        ).x.sum(),
        x,
      ),
  ],
  [
    "repeat, count",
    "control.type",
    /one int32, but it is float32 \[2,3\]/,
    () => repeat({ outputs: { x }, updates: [] }, x),
  ],
  [
    "repeat, an output called steps",
    "control.type",
    /call it otherwise/,
    () => repeat({ outputs: { steps: x }, updates: [] }, zeros([], "int32")),
  ],
  ["random key", "random.key", /two int32 words, but float32 \[2,3\]/, () => random.bits(x, [3])],
  [
    "parameter, size",
    "values.size",
    /w is \[2\] and takes 2 numbers, but 3 came/,
    () => parameter([2], [1, 2, 3], { name: "w" }),
  ],
];

describe("mistakes", () => {
  test.each(mistakes)("%s", async (_, code, says, mistake) => {
    const error = await errorOf(mistake);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.exitCode).toBe(2);
    expect(error.place).toMatch(/^errors\.test\.ts:\d+$/);
  });

  test("the operand's line is the one on which it was made", async () => {
    expect((await errorOf(() => x.sum(2))).message).toContain(`(at ${made})`);
  });

  test("the error's own place is the line of the mistake, through library frames and awaits", async () => {
    let line = "";
    const error = await errorOf(async () => {
      await null;
      line = here();
      x.logSoftmax(7);
    });
    expect(error.place).toBe(line.replace(/\d+$/, (n) => String(Number(n) + 1)));
  });
});

describe("programs", () => {
  const w = parameter([2], [1, 2], { name: "w" });
  const home = parameterOf(w);
  if (!home) throw new Error("no parameter");
  const program = compile(({ a, b }) => ({ y: a.add(b) }), { a: [2], b: [2] });
  const mistakes: readonly (readonly [string, string, RegExp, () => unknown])[] = [
    ["a missing input", "input.missing", /"b", float32 \[2\], is missing/, () => program.run({ a: [1, 2] } as never)],
    [
      "an unknown input",
      "input.unknown",
      /no input "c".*a, b/,
      () => program.run({ a: [1, 2], b: [1, 2], c: 1 } as never),
    ],
    [
      "an input's size",
      "values.size",
      /"a" is \[2\] and takes 2 numbers, but 3 came/,
      () => program.run({ a: [1, 2, 3], b: [1, 2] }),
    ],
    [
      "an output",
      "output.type",
      /output "y" should be a tensor, but it is number/,
      () => compile(() => ({ y: 3 as never })),
    ],
    [
      "an update's type",
      "update.type",
      /w: it is float32 \[2\], but its new value is float32 \[\]/,
      () => compile(() => ({ updates: [{ parameter: home, value: w.sum() }] })),
    ],
    [
      "two updates",
      "update.twice",
      /w \[2\] has two updates/,
      () =>
        compile(() => ({
          updates: [
            { parameter: home, value: w },
            { parameter: home, value: w.neg() },
          ],
        })),
    ],
    ["updates that are no list", "update.list", /should be a list/, () => compile(() => ({ updates: w as never }))],
    [
      "a backend's name",
      "backend.unknown",
      /"gpu" is not known; choose from .*reference/,
      () => compile(() => ({ w }), {}, { backend: "gpu" as never }).run(),
    ],
    [
      "the only number of several",
      "array.item",
      /\[2\] holds 2 numbers/,
      async () => (await program.run({ a: [1, 2], b: [1, 2] })).y.item(),
    ],
  ];
  test.each(mistakes)("%s", async (_, code, says, mistake) => {
    const error = await errorOf(mistake);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
  });
});
