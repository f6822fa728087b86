import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode } from "../src/backends/wasm/encode.ts";
import { loadLoopProgram, whyUnavailable } from "../src/backends/wasm/load.ts";
import { printProgram } from "../src/backends/wasm/print.ts";
import { textOf } from "../src/backends/wasm/text.ts";
import {
  add,
  along,
  at,
  type Buffer,
  type LoopOp,
  type LoopProgram,
  type LoopType,
  scaled,
  type Value,
} from "../src/compiler/loop.ts";
import { type DType, type TypedArray, viewOf } from "../src/graph/dtype.ts";
import { Arena, Hand, index, launch } from "./loops/by-hand.ts";
import { interpretLoops } from "./loops/interpret.ts";
import { randomProgram } from "./loops/random-program.ts";

type Fill = (buffer: Buffer) => ArrayLike<number> | undefined;

/** Runs a program here and by the book on equal memories; gives a look at the memory after it. */
async function agree(program: LoopProgram, fill: Fill = () => undefined): Promise<(buffer: Buffer) => TypedArray> {
  expect(WebAssembly.validate(encode(printProgram(program)))).toBe(true);
  const { memory, run } = await loadLoopProgram(program);
  const expected = new ArrayBuffer(program.bytes);
  const view = (buffer: Buffer, of: ArrayBuffer) => viewOf(buffer.dtype, of, buffer.offset, buffer.length);
  for (const of of [memory, expected]) {
    for (const buffer of program.buffers) view(buffer, of).set(fill(buffer) ?? []);
  }
  run();
  interpretLoops(program, expected);
  for (const buffer of program.buffers) expect(view(buffer, memory)).toEqual(view(buffer, expected));
  return (buffer) => view(buffer, memory);
}

const dtypes: { readonly [T in LoopType]: DType } = {
  float32: "float32",
  float64: "float64",
  int32: "int32",
  int64: "float64",
  mask32: "bool",
  mask64: "float64",
};

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
async function tryOperation(name: LoopOp, to: LoopType, types: readonly LoopType[], lanes: number, gives = lanes) {
  const rows = combinations(types);
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

const vectorOf: { readonly [T in LoopType]: number } = {
  float32: 4,
  float64: 2,
  int32: 4,
  int64: 2,
  mask32: 4,
  mask64: 2,
};
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
    ...list(["max", "min"], numbers, 2),
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
    for (const name of ["max", "min"] as const) {
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

describe("constants, ramps, loads and stores", () => {
  test("constants of every type fill all lanes", async () => {
    for (const type of Object.keys(vectorOf) as LoopType[]) {
      for (const lanes of [1, vectorOf[type]]) {
        const arena = new Arena();
        const h = new Hand();
        for (const value of type.startsWith("mask") ? [0, 1] : [0, 1, -7]) {
          if (type === "int64" && value < 0) continue;
          store(h, h.constant(type, lanes, value), arena.buffer(dtypes[type], 4));
        }
        await agree(arena.program(launch(h.routine("constants"))));
      }
    }
  });

  test("a ramp holds at + k * stride", async () => {
    for (const lanes of [1, 4]) {
      for (const stride of [1, 0, -3]) {
        const arena = new Arena();
        const out = arena.buffer("int32", 40);
        const h = new Hand();
        h.for(1, 5, 2, (i) =>
          h.for(0, 2, 1, (j) => {
            const place = add(along(i, 8), along(j, 4));
            h.store(h.ramp(lanes, add(scaled(place, -1), at(5)), stride), out, place);
          }),
        );
        const look = await agree(arena.program(launch(h.routine("ramp"))));
        expect(look(out)[8]).toBe(-3);
      }
    }
  });

  for (const type of ["float32", "float64", "int32", "mask32"] as const) {
    test(`loads of ${type}, strides -1 to 3, negative scales, positions that move`, async () => {
      for (const lanes of [1, vectorOf[type]]) {
        const arena = new Arena();
        // The first buffer lies at address 0, where an address less a constant would be negative.
        const from = arena.buffer(dtypes[type], 64);
        const where = arena.buffer("int32", 4);
        const h = new Hand();
        const out = () => arena.buffer(dtypes[type], 64);
        for (const stride of [-1, 0, 1, 2, 3]) {
          const [up, down, moved, inner] = [out(), out(), out(), out()];
          h.for(0, 4, 1, (i) => {
            const to = along(i, 4);
            h.store(h.load(type, lanes, from, add(along(i, 8), at(7)), stride), up, to);
            h.store(h.load(type, lanes, from, add(along(i, -8), at(35)), stride), down, to);
            const position = h.load("int32", 1, where, along(i));
            h.store(h.load(type, lanes, from, add(along(i, 3), at(5)), stride, { position, scale: 5 }), moved, to);
            h.for(1, 4, 2, (j) => {
              const place = add(along(j, -1), at(40));
              const v = h.load(type, lanes, from, place, stride, { position, scale: -2 });
              h.store(v, inner, along(j, 4), { position, scale: 4 });
            });
          });
        }
        await agree(arena.program(launch(h.routine("loads"))), (buffer) => {
          if (buffer === from) return Array.from({ length: 64 }, (_, i) => (type === "mask32" ? (i >> 1) & 1 : i + 1));
          return buffer === where ? [4, 0, 7, 2] : undefined;
        });
      }
    });
  }

  test("a position may be a variable, or a constant", async () => {
    const arena = new Arena();
    const from = arena.buffer("float32", 40);
    const out = arena.buffer("float32", 40);
    const h = new Hand();
    const position = h.declare(h.constant("int32", 1, 3));
    const fixed = h.constant("int32", 1, 2);
    h.for(0, 4, 1, (i) => {
      const early = h.load("float32", 1, from, along(i), 1, { position, scale: 2 });
      h.assign(position, h.compute("add", "int32", 1, position, fixed));
      h.store(early, out, along(i), { position: fixed, scale: 3 });
      h.store(h.load("float32", 1, from, at(0), 1, { position, scale: 1 }), out, along(i, 5), { position, scale: 1 });
    });
    await agree(arena.program(launch(h.routine("moving"))), (b) => Array.from({ length: b.length }, (_, i) => i));
  });

  test("a load is not moved past a store to the same bytes, nor a use past an assignment", async () => {
    const arena = new Arena();
    const x = arena.buffer("float32", 4);
    const alias: Buffer = { ...x, id: -1 };
    const out = arena.buffer("float32", 8);
    const h = new Hand();
    const before = h.load("float32", 4, x, at(0));
    h.store(h.constant("float32", 4, 5), alias);
    h.store(before, out);
    const variable = h.declare(h.load("float32", 4, x, at(0)));
    const sum = h.compute("add", "float32", 4, variable, variable);
    h.assign(variable, h.constant("float32", 4, 0));
    h.store(h.compute("sub", "float32", 4, sum, variable), out, at(4));
    const look = await agree(arena.program(launch(h.routine("order"))), (b) => (b === x ? [1, 2, 3, 4] : undefined));
    expect([...look(out)]).toEqual([1, 2, 3, 4, 10, 10, 10, 10]);
  });
});

describe("loops and steps", () => {
  test("a product in register tiles", async () => {
    const [rows, columns, inner] = [8, 16, 5];
    const arena = new Arena();
    const a = arena.buffer("float32", rows * inner);
    const b = arena.buffer("float32", inner * columns);
    const c = arena.buffer("float32", rows * columns);
    const program = arena.program(launch(tiledProduct(a, b, c, rows, columns, inner)));
    await agree(program, (buffer) => Array.from({ length: buffer.length }, (_, i) => Math.sin(i)));
    // The inner loop: six loads, no copies.
    const text = textOf(printProgram(program));
    const innermost = text.slice(text.lastIndexOf(" loop\n"), text.indexOf("br_if"));
    expect(innermost.match(/v128\.load/g)).toHaveLength(6);
    expect(innermost.match(/f32x4\.mul/g)).toHaveLength(8);
    expect(innermost).not.toContain("i32.mul");
    expect(innermost.match(/local\.set/g)).toHaveLength(10);
  });

  test("repeat runs up or down, and hands its counters to routines", async () => {
    for (const reverse of [false, true]) {
      const arena = new Arena();
      const last = arena.buffer("int32", 1);
      const seen = arena.buffer("int32", 12);
      const [i, j] = [index(), index()];
      const h = new Hand();
      const place = add(along(i, 4), along(j));
      h.store(h.load("int32", 1, last, at(0)), seen, place);
      h.store(h.ramp(1, add(place, at(100)), 0), last);
      const inner = {
        kind: "repeat",
        index: j,
        length: 4,
        reverse,
        body: [launch(h.routine("step", [j, i]))],
      } as const;
      const outer = { kind: "repeat", index: i, length: 3, reverse: false, body: [inner] } as const;
      const never = { kind: "repeat", index: index(), length: 0, reverse, body: [inner] } as const;
      const look = await agree(arena.program(never, outer));
      expect(look(last)[0]).toBe(reverse ? 108 : 111);
    }
  });

  test("while stops at its flag or at its limit", async () => {
    for (const [limit, expected] of [
      [undefined, 6],
      [4, 4],
      [0, 0],
      [100, 6],
    ]) {
      const arena = new Arena();
      const count = arena.buffer("int32", 1);
      const flag = arena.buffer("bool", 3);
      const i = index();
      const step = new Hand();
      step.store(
        step.compute("add", "int32", 1, step.load("int32", 1, count, at(0)), step.constant("int32", 1, 1)),
        count,
      );
      const ask = new Hand();
      const below = ask.compute("lt", "mask32", 1, ask.load("int32", 1, count, at(0)), ask.constant("int32", 1, 6));
      ask.store(below, flag, at(2));
      const look = await agree(
        arena.program({
          kind: "while",
          index: i,
          limit,
          test: [launch(ask.routine("test"))],
          flag: { buffer: flag, at: at(2) },
          body: [launch(step.routine("body"))],
        }),
      );
      expect(look(count)[0]).toBe(expected);
    }
  });

  test("branch takes one side; a flag may lie where counters say", async () => {
    const arena = new Arena();
    const flags = arena.buffer("bool", 4);
    const out = arena.buffer("int32", 4);
    const i = index();
    const side = (value: number) => {
      const h = new Hand();
      h.store(h.constant("int32", 1, value), out, along(i));
      return launch(h.routine("side", [i]));
    };
    const flag = { buffer: flags, at: add(along(i, -1), at(3)) };
    const branch = { kind: "branch", flag, yes: [side(1)], no: [side(2)] } as const;
    const half = { kind: "branch", flag, yes: [side(5)], no: [] } as const;
    const both = { kind: "repeat", index: i, length: 4, reverse: false } as const;
    const fill: Fill = (buffer) => (buffer === flags ? [1, 0, 0, 1] : undefined);
    const look = await agree(arena.program({ ...both, body: [branch] }), fill);
    expect([...look(out)]).toEqual([1, 2, 2, 1]);
    expect([...(await agree(arena.program({ ...both, body: [half] }), fill))(out)]).toEqual([5, 0, 0, 5]);
  });

  test("random programs do what the language says", async () => {
    const tape = fc.array(fc.nat(1 << 20), { minLength: 20, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(tape, async (choices) => {
        const program = randomProgram(choices);
        await agree(program, (b) =>
          Array.from({ length: b.length }, (_, i) => (b.dtype === "bool" ? i % 2 : (i % 7) - 3)),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe("the module", () => {
  test("it is available, and its memory is whole pages around the arena", async () => {
    expect(whyUnavailable()).toBeUndefined();
    const { memory, run } = await loadLoopProgram({ steps: [], buffers: [], bytes: 65537 });
    run();
    expect(memory.byteLength).toBe(2 * 65536);
  });

  test("an arena above 4 GiB is refused", async () => {
    const program = { steps: [], buffers: [], bytes: 2 ** 32 + 64 };
    await expect(loadLoopProgram(program)).rejects.toMatchObject({ code: "wasm.memory" });
    expect(() => printProgram({ ...program, bytes: 2 ** 32 })).not.toThrow();
  });

  test("vectors that WebAssembly lacks are refused", () => {
    const arena = new Arena();
    const h = new Hand();
    h.store(h.constant("float32", 8, 1), arena.buffer("float32", 8));
    expect(() => printProgram(arena.program(launch(h.routine("wide"))))).toThrow(/8 lanes of float32/);
  });
});

function tiledProduct(a: Buffer, b: Buffer, c: Buffer, rows: number, columns: number, inner: number) {
  const h = new Hand();
  h.for(0, rows, 4, (i) =>
    h.for(0, columns, 8, (j) => {
      const sums = Array.from({ length: 8 }, () => h.declare(h.constant("float32", 4, 0)));
      h.for(0, inner, 1, (k) => {
        const right = [0, 4].map((q) => h.load("float32", 4, b, add(add(along(k, columns), along(j)), at(q))));
        for (let r = 0; r < 4; r++) {
          const left = h.load("float32", 4, a, add(add(along(i, inner), along(k)), at(r * inner)), 0);
          right.forEach((x, q) => {
            const sum = sums[2 * r + q];
            h.assign(sum, h.compute("fma", "float32", 4, left, x, sum));
          });
        }
      });
      sums.forEach((sum, s) => {
        h.store(sum, c, add(add(along(i, columns), along(j)), at((s >> 1) * columns + 4 * (s & 1))));
      });
    }),
  );
  return h.routine("product");
}
