import * as fc from "fast-check";
import { compile, type Tensor } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

/** Whole vectors of every width, tails of every length, and one number alone. */
const lengths = [1, 2, 3, 7, 16, 37];
const [least, largest] = [-(2 ** 31), 2 ** 31 - 1];

/** What a processor does with 32 bits: the lowest ones of the exact result. */
const wrapped = (x: bigint) => Number(BigInt.asIntN(32, x));
const unsigned = (x: bigint) => BigInt.asUintN(32, x);
/** The remainder with the sign of the divisor, as NumPy's; of nothing there is none, and it is 0. */
const remainder = (x: bigint, y: bigint) =>
  y === 0n ? 0n : x % y !== 0n && x % y < 0n !== y < 0n ? (x % y) + y : x % y;
const order = (list: readonly bigint[]) => [...list].sort((x, y) => (x < y ? -1 : Number(x > y)));
const smallest = (list: readonly bigint[]) => order(list)[0];
const largestOf = (list: readonly bigint[]) => order(list)[list.length - 1];
const bit = (holds: boolean) => (holds ? 1n : 0n);

/** Each operation on two int32 and what it gives by exact arithmetic. */
const pairs: {
  readonly [name: string]: readonly [(x: Tensor, y: Tensor) => Tensor, (x: bigint, y: bigint) => bigint];
} = {
  add: [(x, y) => x.add(y), (x, y) => x + y],
  sub: [(x, y) => x.sub(y), (x, y) => x - y],
  mul: [(x, y) => x.mul(y), (x, y) => x * y],
  mod: [(x, y) => x.mod(y), remainder],
  neg: [(x) => x.neg(), (x) => -x],
  abs: [(x) => x.abs(), (x) => (x < 0n ? -x : x)],
  sign: [(x) => x.sign(), (x) => bit(x > 0n) - bit(x < 0n)],
  maximum: [(x, y) => x.maximum(y), (x, y) => largestOf([x, y])],
  minimum: [(x, y) => x.minimum(y), (x, y) => smallest([x, y])],
  and: [(x, y) => x.and(y), (x, y) => x & y],
  or: [(x, y) => x.or(y), (x, y) => x | y],
  xor: [(x, y) => x.xor(y), (x, y) => x ^ y],
  shiftLeft: [(x, y) => x.shiftLeft(y), (x, y) => x << (y & 31n)],
  shiftRight: [(x, y) => x.shiftRight(y), (x, y) => unsigned(x) >> (y & 31n)],
  lt: [(x, y) => x.lt(y), (x, y) => bit(x < y)],
  le: [(x, y) => x.le(y), (x, y) => bit(x <= y)],
  eq: [(x, y) => x.eq(y), (x, y) => bit(x === y)],
  ne: [(x, y) => x.ne(y), (x, y) => bit(x !== y)],
  doubled: [(x) => x.cast("float64").cast("int32"), (x) => x],
};

/** Each reduction and what it gives by exact arithmetic. */
const totals: { readonly [name: string]: readonly [(x: Tensor) => Tensor, (list: readonly bigint[]) => bigint] } = {
  sum: [(x) => x.sum(), (list) => list.reduce((a, b) => a + b)],
  max: [(x) => x.max(), largestOf],
  min: [(x) => x.min(), smallest],
  argmax: [(x) => x.argmax(), (list) => BigInt(list.indexOf(largestOf(list)))],
  // Along an axis that is not the last one, lanes are results of their own.
  columns: [(x) => x.unsqueeze(1).expand([x.size, 16]).min(0).at(9), smallest],
};

const int32 = fc.oneof(
  fc.integer({ min: least, max: largest }),
  fc.constantFrom(least, least + 1, largest, largest - 1, -1, 0, 1, 2, 31, 32, 33),
);
const lists = fc.tuple(...lengths.map((n) => fc.array(fc.tuple(int32, int32), { minLength: n, maxLength: n })));

onEveryBackend((backend) => {
  test("int32 wraps around, and is exact: every operation, lane and tail", async () => {
    const types = Object.fromEntries(
      lengths.flatMap((n) => ["x", "y"].map((k) => [`${k}${n}`, { shape: [n], dtype: "int32" as const }])),
    );
    const program = compile(
      (given) =>
        Object.fromEntries(
          lengths.flatMap((n) => {
            const [x, y] = [given[`x${n}`], given[`y${n}`]];
            return [
              ...Object.entries(pairs).map(([name, [f]]) => [`${name} ${n}`, f(x, y)]),
              ...Object.entries(totals).map(([name, [f]]) => [`${name} of ${n}`, f(x)]),
            ];
          }),
        ),
      types,
      { backend },
    );
    await fc.assert(
      fc.asyncProperty(lists, async (given) => {
        const inputs = Object.fromEntries(
          given.flatMap((list, i) => [
            [`x${lengths[i]}`, list.map(([x]) => x)],
            [`y${lengths[i]}`, list.map(([, y]) => y)],
          ]),
        );
        const results = await program.run(inputs);
        given.forEach((list, i) => {
          const n = lengths[i];
          for (const [name, [, exact]] of Object.entries(pairs)) {
            const wanted = list.map(([x, y]) => wrapped(exact(BigInt(x), BigInt(y))));
            expect([...results[`${name} ${n}`].data], `${name} of ${n}`).toEqual(wanted);
          }
          const own = list.map(([x]) => BigInt(x));
          for (const [name, [, exact]] of Object.entries(totals)) {
            expect(results[`${name} of ${n}`].item(), `${name} of ${n}`).toBe(wrapped(exact(own)));
          }
        });
      }),
      { numRuns: 100 },
    );
  });

  test("a float becomes the nearest whole number towards 0 that int32 holds", async () => {
    const program = compile(
      ({ x, y }) => ({ x: x.cast("int32"), y: y.cast("int32") }),
      {
        x: { shape: [19], dtype: "float64" },
        y: [19],
      },
      { backend },
    );
    const float = fc.oneof(
      fc.double(),
      fc.double({ min: -3e9, max: 3e9 }),
      fc.constantFrom(-(2 ** 31) - 0.5, 2 ** 31 - 0.5),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(float, { minLength: 19, maxLength: 19 }), async (list) => {
        const { x, y } = await program.run({ x: list, y: list });
        const held = (v: number) => (Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), least), largest) | 0);
        expect([...x.data]).toEqual(list.map(held));
        expect([...y.data]).toEqual(list.map((v) => held(Math.fround(v))));
      }),
    );
  });
});
