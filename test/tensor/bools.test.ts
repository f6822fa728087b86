import * as fc from "fast-check";
import { compile, concat, cond, parameter, scan, type Tensor, tensor, where } from "pondus";
import { expect, test } from "vitest";
import { difference } from "../support/agreement.ts";
import { onEveryBackend } from "../support/every-backend.ts";

/** Whole vectors of every width and a tail. */
const size = 37;

/** Numbers that come where bools are wanted, as masks of other programs do: 255, 0.5, NaN. */
const numbers = fc.array(fc.oneof(fc.constantFrom(0, -0, 1, 2, 255, -1, 0.5, Number.NaN, 2 ** 32), fc.double()), {
  minLength: size,
  maxLength: size,
});

/** All that can be done with bools: each as a tensor, and by the truth of one entry and its neighbour in another array. */
const uses: {
  readonly [name: string]: readonly [(a: Tensor, b: Tensor) => Tensor, (a: boolean, b: boolean) => boolean];
} = {
  itself: [(a) => a, (a) => a],
  not: [(a) => a.not(), (a) => !a],
  and: [(a, b) => a.and(b), (a, b) => a && b],
  or: [(a, b) => a.or(b), (a, b) => a || b],
  xor: [(a, b) => a.xor(b), (a, b) => a !== b],
  eq: [(a, b) => a.eq(b), (a, b) => a === b],
  ne: [(a, b) => a.ne(b), (a, b) => a !== b],
  eq1: [(a) => a.eq(1), (a) => a],
  number: [(a) => a.and(255), (a) => a],
  chosen: [(a, b) => where(a, b, a), (a, b) => a && b],
  where: [(a) => where(a, 10, a), (a) => a],
  float32: [(a) => a.cast("float32"), (a) => a],
  float64: [(a) => a.cast("float64").mul(2).div(2), (a) => a],
  int32: [(a) => a.cast("int32"), (a) => a],
  back: [(a) => a.cast("int32").cast("bool"), (a) => a],
  selected: [(a) => where(a, tensor(1), 0), (a) => a],
  wide: [(a) => where(a, tensor(1, { dtype: "float64" }), 0), (a) => a],
  moved: [
    (a) =>
      a
        .flip()
        .padAxis(1, 2, 0)
        .slice(1, size + 1)
        .flip(),
    (a) => a,
  ],
  joined: [(a, b) => concat([a, b]).slice(size, 2 * size), (_, b) => b],
  looked: [
    (a) =>
      a.gather(
        tensor(
          Array.from({ length: size }, (_, i) => i),
          { dtype: "int32" },
        ),
      ),
    (a) => a,
  ],
  alone: [(a) => scan({}, (_, { x }) => ({ carry: {}, out: { y: x.not() } }), { xs: { x: a } }).out.y, (a) => !a],
  branched: [
    (a) =>
      scan(
        {},
        (_, { x }) => ({
          carry: {},
          out: cond(
            x,
            () => ({ y: tensor(1) }),
            () => ({ y: tensor(0) }),
          ),
        }),
        { xs: { x: a } },
      ).out.y,
    (a) => a,
  ],
};

onEveryBackend((backend) => {
  test("a bool is 0 or 1, whatever number it was: as input, array, parameter and literal", async () => {
    const given = compile(
      ({ a, b }) => Object.fromEntries(Object.entries(uses).map(([name, [f]]) => [name, f(a, b)])),
      { a: { shape: [size], dtype: "bool" }, b: { shape: [size], dtype: "bool" } },
      { backend },
    );
    await fc.assert(
      fc.asyncProperty(numbers, numbers, async (a, b) => {
        const results = await given.run({ a, b });
        const truth = (x: number) => x !== 0;
        for (const [name, [, wanted]] of Object.entries(uses)) {
          const numbers = a.map((x, i) => Number(wanted(truth(x), truth(b[i]))));
          expect(difference(results[name], numbers), name).toBeUndefined();
        }
      }),
      { numRuns: 50 },
    );
  });

  test("what a program holds", async () => {
    const values = [2, 0.5, Number.NaN, 0, -0, 255, 2 ** 32];
    const truths = [1, 1, 1, 0, 0, 1, 1];
    const bool = { dtype: "bool" } as const;
    const program = compile(
      () => {
        const held = {
          list: tensor(values, bool),
          floats: tensor(new Float64Array(values), bool),
          parameter: parameter([7], values, bool),
          drawn: parameter([7], () => (i) => values[i], bool),
        };
        return Object.fromEntries(
          Object.entries(held).flatMap(([name, x]) => [
            [name, x],
            [`${name}, negated`, x.not().not()],
          ]),
        );
      },
      {},
      { backend },
    );
    for (const [name, { data }] of Object.entries(await program.run())) expect([...data], name).toEqual(truths);
  });
});

test("lists of bools are bools; beside numbers, or where a type is asked for, they are 1 and 0", async () => {
  const made = {
    list: tensor([true, false]),
    nested: tensor([[true], [false]]),
    one: tensor(true),
    mixed: tensor([true, 2.5]),
    asked: tensor([true, false], { dtype: "int32" }),
    weight: parameter([2], [true, false]),
    none: tensor([]),
  };
  const types = Object.entries(made).map(([name, x]) => [name, x.dtype, x.shape]);
  expect(types).toEqual([
    ["list", "bool", [2]],
    ["nested", "bool", [2, 1]],
    ["one", "bool", []],
    ["mixed", "float32", [2]],
    ["asked", "int32", [2]],
    ["weight", "float32", [2]],
    ["none", "float32", [0]],
  ]);
  const values = Object.entries(await compile(() => made).run()).map(([name, { data }]) => [name, ...data]);
  expect(values).toEqual([
    ["list", 1, 0],
    ["nested", 1, 0],
    ["one", 1],
    ["mixed", 1, 2.5],
    ["asked", 1, 0],
    ["weight", 1, 0],
    ["none"],
  ]);
  const program = compile(({ x }) => ({ x }), { x: { shape: [2], dtype: "bool" } });
  expect([...(await program.run({ x: [true, false] })).x.data]).toEqual([1, 0]);
});
