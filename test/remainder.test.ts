import { readFileSync } from "node:fs";
import { compile } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "./every-backend.ts";

type Names = "x" | "y" | "rest";
const fixture: { readonly [dtype: string]: { readonly [K in Names]: readonly (number | string)[] } } = JSON.parse(
  readFileSync(new URL("fixtures/remainder.json", import.meta.url), "utf8"),
);

onEveryBackend((backend) => {
  test.for(["float32", "float64", "int32"] as const)("mod is NumPy's remainder to the last bit, %s", async (dtype) => {
    const [x, y, rest] = (["x", "y", "rest"] as const).map((name) => fixture[dtype][name].map(Number));
    const of = { shape: [x.length], dtype };
    const program = compile(({ a, b }) => ({ y: a.mod(b) }), { a: of, b: of }, { backend });
    const { data } = (await program.run({ a: x, b: y })).y;
    const wrong = x.flatMap((a, i) =>
      Object.is(data[i], dtype === "int32" ? rest[i] + 0 : rest[i])
        ? []
        : [`${a} mod ${y[i]} is ${data[i]}, not ${rest[i]}`],
    );
    expect(wrong).toEqual([]);
  });
});
