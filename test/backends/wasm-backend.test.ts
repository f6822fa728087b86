import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadLoopProgram, whyUnavailable } from "../../src/backends/wasm/load.ts";
import { textOf } from "../../src/backends/wasm/module/text.ts";
import { printProgram } from "../../src/backends/wasm/print/print.ts";
import { add, along, at, type Buffer, type LoopType, scaled } from "../../src/compiler/ir/loop.ts";
import { agree, dtypes, type Fill, vectorOf } from "../support/loops/agree.ts";
import { Arena, Hand, index, launch } from "../support/loops/by-hand.ts";
import { randomProgram } from "../support/loops/random-program.ts";

describe("constants, ramps, loads and stores", () => {
  test("constants of every type fill all lanes", async () => {
    for (const type of Object.keys(vectorOf) as LoopType[]) {
      for (const lanes of [1, vectorOf[type]]) {
        const arena = new Arena();
        const h = new Hand();
        for (const value of type.startsWith("mask") ? [0, 1] : [0, 1, -7]) {
          if (type === "int64" && value < 0) continue;
          const constant = h.constant(type, lanes, value);
          const stored =
            type === "int64"
              ? h.compute("bits", "float64", lanes, constant)
              : type === "mask64"
                ? h.compute("convert", "float64", lanes, constant)
                : constant;
          h.store(stored, arena.buffer(dtypes[type], 4));
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

  test("an offset may be negative where the counters make up for it", async () => {
    const arena = new Arena();
    const x = arena.buffer("float32", 16);
    const out = arena.buffer("float32", 16);
    const h = new Hand();
    h.for(3, 15, 4, (i) => h.store(h.load("float32", 4, x, add(along(i), at(-3))), out, add(along(i), at(-2))));
    const look = await agree(arena.program(launch(h.routine("shift"))), (b) =>
      Array.from({ length: b.length }, (_, i) => i),
    );
    expect([...look(out)].slice(0, 6)).toEqual([0, 0, 1, 2, 3, 4]);
  });

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
    expect(innermost.match(/local\.set/g)).toHaveLength(9);
    // The loop ends where its last pointer does: no counter is stepped.
    expect(innermost.match(/i32\.add/g)).toHaveLength(2);
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
    const tape = fc.array(fc.nat(1 << 20), { minLength: 20, maxLength: 300, size: "max" });
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
    const { memory, run } = await loadLoopProgram({ steps: [], buffers: [], bytes: 65537, work: 0 });
    run();
    expect(memory.byteLength).toBe(2 * 65536);
  });

  test("an arena above 4 GiB is refused", async () => {
    const program = { steps: [], buffers: [], bytes: 2 ** 32 + 64, work: 0 };
    await expect(loadLoopProgram(program)).rejects.toMatchObject({ code: "backend.memory" });
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
