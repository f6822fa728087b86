import { memoryHere, secondOrderPrice } from "pondus";
import { describe, expect, test } from "vitest";
import { formatBytes, formatWhole } from "../src/graph/bytes.ts";

describe("what a matrix of second derivatives costs", () => {
  test("the protein net's 21,249 knobs, to the byte", () => {
    const price = secondOrderPrice(21_249);
    expect(price).toMatchObject({ entries: 451_520_001, float64Bytes: 3_612_160_008, float32Bytes: 1_806_080_004 });
    expect(price.exact).toBe(true);
  });

  test("a million knobs: 10^12 entries, 8 TB in float64; every alternative is millions of times smaller", () => {
    const { entries, float64Bytes, alternatives } = secondOrderPrice(1e6);
    expect([entries, float64Bytes]).toEqual([1e12, 8e12]);
    expect(formatBytes(float64Bytes)).toBe("8,000,000,000,000 bytes (8.00 TB)");
    expect(Object.fromEntries(alternatives.map((a) => [a.method, a.bytes]))).toEqual({
      "gradient descent": 8e6,
      Adam: 24e6,
      "Hessian-vector product": 24e6,
      "L-BFGS": 160e6,
      Lanczos: 400e6,
    });
  });

  test("the choices count: float32, five pairs, twenty vectors, no more of them than knobs", () => {
    const price = secondOrderPrice(1000, { dtype: "float32", history: 5, steps: 20 });
    expect(price.bytes).toBe(4e6);
    expect(price.alternatives.map((a) => a.bytes)).toEqual([4e3, 12e3, 12e3, 40e3, 80e3]);
    expect(secondOrderPrice(3).alternatives.at(-1)).toMatchObject({ numbers: 9, formula: "k P with k = 3" });
  });

  test("beyond 2^53 it says whether the digits are all right", () => {
    const billion = secondOrderPrice(1e9);
    expect([billion.exact, formatBytes(billion.float64Bytes)]).toEqual([
      true,
      "8,000,000,000,000,000,000 bytes (8.00 EB)",
    ]);
    const odd = secondOrderPrice(123_456_789);
    expect([odd.exact, formatBytes(odd.float64Bytes)]).toEqual([
      false,
      "about 121,900,000,000,000,000 bytes (121.93 PB)",
    ]);
  });
});

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1000, "1,000 bytes (1.00 kB)"],
  [999_994, "999,994 bytes (999.99 kB)"],
  [999_996, "999,996 bytes (1.00 MB)"],
  [2 ** 53 - 1, "9,007,199,254,740,991 bytes (9.01 PB)"],
])("%d is written %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test("whole numbers have their digits in threes", () => expect(formatWhole(21_249)).toBe("21,249"));

test("this machine's memory is a sane number", () => {
  expect(memoryHere()).toBeGreaterThan(2 ** 26);
  expect(memoryHere()).toBeLessThan(2 ** 50);
});
