import { compile, type InputValue, NumberArray, parameter, parameterOf, type Tensor, tensor } from "pondus";
import { describe, expect, test } from "vitest";
import type { Parameter } from "../../src/graph/parameter.ts";
import { onEveryBackend } from "../support/every-backend.ts";

const behind = (x: Tensor) => parameterOf(x) as Parameter;
const refused = (code: string) => expect.objectContaining({ name: "PondusError", code });

describe("an input of shape [3, 2]", () => {
  const program = compile(({ x }) => ({ y: x.sum(1) }), { x: [3, 2] }, { backend: "reference" });
  const run = async (x: unknown) => [...(await program.run({ x: x as InputValue })).y.data];
  const six = [1, 2, 3, 4, 5, 6];

  test.each([
    [
      "nested lists",
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    ],
    ["a flat list", six],
    ["Float32Array", Float32Array.from(six)],
    ["Float64Array", Float64Array.from(six)],
    ["Int32Array", Int32Array.from(six)],
    ["Uint8Array", Uint8Array.from(six)],
    ["what a run returned", new NumberArray(Float32Array.from(six), [3, 2], "float32")],
  ])("takes %s", async (_, x) => {
    expect(await run(x)).toEqual([3, 7, 11]);
  });

  test.each([
    [
      "lists of another shape",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      "values.shape",
    ],
    [
      "lists nested deeper",
      [
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      "values.shape",
    ],
    ["ragged lists of as many numbers", [[1], [2, 3], [4, 5, 6]], "shape.ragged"],
    ["numbers beside lists", [1, 2, [3, 4], 5, 6], "shape.ragged"],
    ["lists beside numbers", [[1, 2], 3, 4, [5, 6]], "shape.ragged"],
    ["a list too short", [1, 2, 3], "values.size"],
    ["an empty list", [], "values.size"],
    ["one number", 1, "values.size"],
    ["a typed array too long", new Float32Array(7), "values.size"],
    ["an array of another shape", new NumberArray(Float32Array.from(six), [2, 3], "float32"), "values.shape"],
    ["strings", ["1", "2", "3", "4", "5", "6"], "values.type"],
    ["a string", "123456", "values.type"],
    [
      "null among numbers",
      [
        [1, 2],
        [3, null],
        [5, 6],
      ],
      "values.type",
    ],
    ["a hole", new Array(6), "values.type"],
    [
      "a tensor",
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      "values.type",
    ],
    ["bigints", BigInt64Array.from([1n, 2n, 3n, 4n, 5n, 6n]), "values.type"],
    ["a DataView", new DataView(new ArrayBuffer(24)), "values.type"],
    ["an object", { length: 6 }, "values.type"],
  ])("refuses %s", async (_, x, code) => {
    await expect(run(x)).rejects.toEqual(refused(code));
  });

  test("says where and what", async () => {
    await expect(
      run([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).rejects.toThrow('run: input "x" is [3,2], but lists of [2,3] came; nest them alike, or give one flat list.');
  });
});

describe("values of a parameter and of a tensor are checked alike", () => {
  const wide = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const made = (values: unknown) => parameter([3, 2], values as number[]);
  const shaped = (values: unknown) => tensor(values as number[], { shape: [3, 2] });

  test.each([
    [wide, "values.shape"],
    [[[1], [2, 3], [4, 5, 6]], "shape.ragged"],
    [[1, 2, 3, 4, 5, "6"], "values.type"],
  ])("%j is refused", (values, code) => {
    expect(() => made(values)).toThrow(refused(code));
    expect(() => shaped(values)).toThrow(refused(code));
    const home = made([1, 2, 3, 4, 5, 6]);
    expect(() => behind(home).write(values as number[])).toThrow(refused(code));
    expect([...behind(home).read()]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a flat list is read row by row", async () => {
    const { y } = await compile(() => ({ y: shaped([1, 2, 3, 4, 5, 6]).sum(1) }), {}, { backend: "reference" }).run();
    expect([...y.data]).toEqual([3, 7, 11]);
  });
});

onEveryBackend((backend) => {
  const doubled = () => compile(({ x }) => ({ y: x.mul(2) }), { x: [4] }, { backend });

  test("what is done to an array after the call changes nothing: before the program is loaded, after, and in a queue", async () => {
    const program = doubled();
    const other = doubled();
    for (let round = 0; round < 2; round++) {
      const typed = Float32Array.of(1, 2, 3, 4);
      const nested = [5, 6, 7, 8];
      const array = new NumberArray(Float32Array.of(9, 10, 11, 12), [4], "float32");
      const record: { x: InputValue } = { x: typed };
      const runs = [program.run(record)];
      typed.fill(0);
      record.x = nested;
      runs.push(program.run(record), other.run(record));
      nested.fill(0);
      runs.push(program.run({ x: array }));
      array.data.fill(0);
      const results = await Promise.all(runs);
      expect(results.map(({ y }) => [...y.data])).toEqual([
        [2, 4, 6, 8],
        [10, 12, 14, 16],
        [10, 12, 14, 16],
        [18, 20, 22, 24],
      ]);
    }
  });

  test("a refused input leaves the program as it was", async () => {
    const program = doubled();
    await program.run({ x: [1, 2, 3, 4] });
    const whole = compile(({ i }) => ({ y: i.add(1) }), { i: { shape: [2], dtype: "int32" } }, { backend });
    await whole.run({ i: [1, 2] });
    await expect(program.run({ x: [1, 2, 3] })).rejects.toEqual(refused("values.size"));
    await expect(whole.run({ i: [7, 0.5] })).rejects.toEqual(refused("dtype.fraction"));
    expect([...(await program.run({ x: [2, 2, 2, 2] })).y.data]).toEqual([4, 4, 4, 4]);
    expect([...(await whole.run({ i: [3, 4] })).y.data]).toEqual([4, 5]);
  });
});
