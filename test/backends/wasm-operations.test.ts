import { describe, expect, test } from "vitest";
import { along, at, type Buffer, type LoopOp, type LoopType, type Value } from "../../src/compiler/ir/loop.ts";
import { agree, dtypes, vectorOf } from "../support/loops/agree.ts";
import { Arena, Hand, launch } from "../support/loops/by-hand.ts";

const infinity = Number.POSITIVE_INFINITY;
const floats = [0, -0, 1, -1, 0.1, 1.5, -2.5, 2 ** 31, -(2 ** 31), -(2 ** 33), 1e-40, 3.4e38, infinity, -infinity, NaN];
const ints = [0, 1, -1, 2, 7, -13, 31, 33, 65536, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) + 1];

/**
 * An int64 lies in memory as the float64 of the same bits: here 0, the smallest int64, 1, 7, and both signs with many
 * bits. None is a NaN, whose bits an engine may change.
 */
const longs = [0, -0, 5e-324, 3.5e-323, 1.5, -0.1, 1e300, -1e-300];

/** Values worth trying, as elements of a buffer of the type. */
function samples(type: LoopType): number[] {
  if (type === "int32") return ints;
  if (type === "mask32" || type === "mask64") return [0, 1];
  return type === "int64" ? longs : floats;
}

function load(h: Hand, type: LoopType, lanes: number, buffer: Buffer, i = at(0)): Value {
  if (type === "int64") return h.compute("bits", type, lanes, h.load("float64", lanes, buffer, i));
  if (type !== "mask64") return h.load(type, lanes, buffer, i);
  return h.compute("ne", type, lanes, h.load("float64", lanes, buffer, i), h.constant("float64", lanes, 0));
}

function store(h: Hand, value: Value, buffer: Buffer, i = at(0)): void {
  const { type, lanes } = value;
  if (type === "int64") h.store(h.compute("bits", "float64", lanes, value), buffer, i);
  else if (type === "mask64") h.store(h.compute("convert", "float64", lanes, value), buffer, i);
  else h.store(value, buffer, i);
}

/** All combinations of the operands' samples, filled up to whole vectors. */
function combinations(types: readonly LoopType[]): number[][] {
  let rows: number[][] = [[]];
  for (const type of types) rows = rows.flatMap((row) => samples(type).map((s) => [...row, s]));
  while (rows.length % 4) rows.push(rows[0]);
  return rows;
}

/** Applies one operation, elementwise, to all combinations of its operands' samples. */
async function tryOperation(
  name: LoopOp,
  to: LoopType,
  types: readonly LoopType[],
  lanes: number,
  gives = lanes,
  rows = combinations(types),
) {
  const arena = new Arena();
  const operands = types.map((type) => arena.buffer(dtypes[type], rows.length));
  const result = arena.buffer(dtypes[to], rows.length);
  const h = new Hand();
  h.for(0, rows.length, lanes, (i) => {
    const args = types.map((type, k) => load(h, type, lanes, operands[k], along(i)));
    store(h, h.compute(name, to, gives, ...args), result, along(i));
  });
  const look = await agree(arena.program(launch(h.routine(name))), (buffer) => {
    const k = operands.indexOf(buffer);
    return k < 0 ? undefined : rows.map((row) => row[k]);
  });
  return rows.map((row, i) => [...row, look(result)[i]]);
}

const floating = ["float32", "float64"] as const;
const numbers = [...floating, "int32"] as const;
const whole = ["int32", "int64"] as const;
const masks = ["mask32", "mask64"] as const;
const maskOf = (type: LoopType) => (vectorOf[type] === 4 ? "mask32" : "mask64");

interface Case {
  name: LoopOp;
  to: LoopType;
  types: LoopType[];
}

function elementwise(): Case[] {
  const list = (names: LoopOp[], types: readonly LoopType[], operands: number): Case[] =>
    names.flatMap((name) => types.map((to) => ({ name, to, types: Array(operands).fill(to) })));
  const comparisons = (names: LoopOp[], types: readonly LoopType[]): Case[] =>
    names.flatMap((name) => types.map((type) => ({ name, to: maskOf(type), types: [type, type] })));
  const everyType = [...floating, ...whole, ...masks];
  return [
    ...list(["add", "sub", "mul"], [...numbers, "int64"], 2),
    ...list(["div"], floating, 2),
    ...list(["fma"], floating, 3),
    ...list(["neg", "abs"], [...floating, ...whole], 1),
    ...list(["sqrt", "floor"], floating, 1),
    ...list(["maximum", "minimum"], numbers, 2),
    ...comparisons(["lt", "le"], [...numbers, "int64"]),
    ...comparisons(["eq", "ne"], everyType),
    ...list(["and", "or", "xor"], [...whole, ...masks], 2),
    ...list(["not"], [...whole, ...masks], 1),
    ...list(["shl", "shr"], ["int32"], 2),
    ...everyType.map((to): Case => ({ name: "select", to, types: [maskOf(to), to, to] })),
  ];
}

describe("one operation on registers", () => {
  for (const { name, to, types } of elementwise()) {
    for (const lanes of [1, vectorOf[to]]) {
      test(`${name}: ${lanes} x ${types.join(", ")} to ${to}`, () => tryOperation(name, to, types, lanes));
    }
  }

  const steps = {
    float32: [0, 1, -1, 23, -126, 127, 128, -149, -150, 252, -252],
    float64: [0, 1, -1, 52, -1022, 1023, 1024, -1074, -1075, 2044, -2044],
  };
  for (const to of floating) {
    const factors = [1, -1.5, 0.75, 1.9999, 0.5, -0, infinity, NaN];
    const rows = factors.flatMap((a) => steps[to].map((k) => [a, k]));
    for (const lanes of [1, vectorOf[to]]) {
      test(`scale: ${lanes} x ${to}`, () => tryOperation("scale", to, [to, to], lanes, lanes, rows));
    }
  }

  for (const name of ["maximum", "minimum"] as const) {
    for (const to of floating) {
      test.for([0, 1.5, -1.5, infinity, NaN])(`${name}: ${to} and %d`, async (known) => {
        const lanes = vectorOf[to];
        // Which of two zeros comes out is left open.
        const others = [...floats, 1.5].filter((x) => x !== 0).concat(known === 0 ? [] : [0, -0]);
        const length = others.length - (others.length % lanes);
        const arena = new Arena();
        const x = arena.buffer(to, others.length);
        const results = [arena.buffer(to, length), arena.buffer(to, length)];
        const h = new Hand();
        const constant = h.constant(to, lanes, known);
        h.for(0, length, lanes, (i) => {
          const loaded = h.load(to, lanes, x, along(i));
          h.store(h.compute(name, to, lanes, constant, loaded), results[0], along(i));
          h.store(h.compute(name, to, lanes, loaded, constant), results[1], along(i));
        });
        await agree(arena.program(launch(h.routine(name))), (buffer) => (buffer === x ? others : undefined));
      });
    }
  }

  const conversions: [LoopType, LoopType, number[]][] = [
    ["float32", "float64", [1]],
    ["float64", "float32", [1]],
    ["int32", "float32", [1, 4]],
    ["int32", "float64", [1]],
    ["float32", "int32", [1, 4]],
    ["float64", "int32", [1]],
    ["mask32", "mask64", [1]],
    ["mask64", "mask32", [1]],
    ["mask32", "int32", [1, 4]],
    ["mask32", "float32", [1, 4]],
    ["mask32", "float64", [1]],
    ["mask64", "float64", [1, 2]],
    ["mask64", "float32", [1]],
    ["mask64", "int32", [1]],
  ];
  for (const [from, to, all] of conversions) {
    for (const lanes of all)
      test(`convert: ${lanes} x ${from} to ${to}`, () => tryOperation("convert", to, [from], lanes));
  }

  test("convert saturates, and makes 0 of NaN", async () => {
    const found = new Map((await tryOperation("convert", "int32", ["float32"], 4)) as [number, number][]);
    expect([NaN, infinity, -infinity, 3.4e38, -2.5].map((x) => found.get(x))).toEqual([
      0,
      2 ** 31 - 1,
      -(2 ** 31),
      2 ** 31 - 1,
      -2,
    ]);
  });

  test("max and min give NaN when either operand is", async () => {
    for (const name of ["maximum", "minimum"] as const) {
      for (const [a, b, result] of await tryOperation(name, "float32", ["float32", "float32"], 4)) {
        expect(Number.isNaN(result)).toBe(Number.isNaN(a) || Number.isNaN(b));
      }
    }
  });

  test("bits: the same bits in another type", async () => {
    for (const lanes of [1, 4]) {
      await tryOperation("bits", "int32", ["float32"], lanes);
      // Without patterns of NaN, whose payload JavaScript need not keep.
      const rows = await tryOperation("bits", "float32", ["int32"], lanes);
      expect(rows).toContainEqual([1, 2 ** -149]);
    }
  });

  for (const type of [...floating, ...whole]) {
    test(`splat, sumLanes${type === "int64" ? "" : ", maxLanes"}: ${type}`, async () => {
      for (const lanes of [1, vectorOf[type]]) {
        const arena = new Arena();
        const values = samples(type).filter((x) => Math.abs(x) !== infinity);
        while (values.length % 4) values.push(values[1]);
        const from = arena.buffer(dtypes[type], values.length);
        const results = ["sum", "max"].map(() => arena.buffer(dtypes[type], values.length));
        const h = new Hand();
        h.for(0, values.length, lanes, (i) => {
          const v = load(h, type, lanes, from, along(i));
          const ops: LoopOp[] = type === "int64" ? ["sumLanes"] : ["sumLanes", "maxLanes"];
          ops.forEach((op, k) => {
            store(h, h.compute("splat", type, lanes, h.compute(op, type, 1, v)), results[k], along(i));
          });
        });
        await agree(arena.program(launch(h.routine("lanes"))), (b) => (b === from ? values : undefined));
      }
    });
  }

  for (const type of masks) {
    test(`splat of a scalar ${type}`, async () => {
      const arena = new Arena();
      const flags = arena.buffer(dtypes[type], 2);
      const out = arena.buffer(dtypes[type], 8);
      const h = new Hand();
      [0, 1].forEach((i) => {
        const one = load(h, type, 1, flags, at(i));
        store(h, h.compute("splat", type, vectorOf[type], one), out, at(4 * i));
      });
      const look = await agree(arena.program(launch(h.routine("splat"))), (b) => (b === flags ? [0, 1] : undefined));
      expect([look(out)[0], look(out)[4]]).toEqual([0, 1]);
    });
  }

  test("shifts by constants", async () => {
    for (const type of whole) {
      for (const lanes of [1, vectorOf[type]]) {
        for (const name of ["shl", "shr"] as const) {
          const arena = new Arena();
          const values = [...samples(type).filter((x) => x >= 0 && !Number.isNaN(x)), 0, 0, 0].slice(0, 4);
          const from = arena.buffer(dtypes[type], 4);
          const out = arena.buffer(dtypes[type], 4);
          const h = new Hand();
          h.for(0, 4, lanes, (i) => {
            const count = h.constant(type, lanes, type === "int64" ? 52 : 5);
            store(h, h.compute(name, type, lanes, load(h, type, lanes, from, along(i)), count), out, along(i));
          });
          await agree(arena.program(launch(h.routine(name))), (b) => (b === from ? values : undefined));
        }
      }
    }
  });
});
