import { readFileSync } from "node:fs";
import { compile, grad } from "pondus";
import { expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";

type Names = "x" | "y" | "rest" | "quotient";
const fixture: { readonly [dtype: string]: { readonly [K in Names]: readonly (number | string)[] } } = JSON.parse(
  readFileSync(new URL("../fixtures/remainder.json", import.meta.url), "utf8"),
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

  test.for(["float32", "float64"] as const)(
    "the slope of mod in its divisor is the whole quotient, %s",
    async (dtype) => {
      const [x, y, quotient] = (["x", "y", "quotient"] as const).map((name) => fixture[dtype][name].map(Number));
      const of = { shape: [x.length], dtype };
      const program = compile(({ a, b }) => ({ y: grad(a.mod(b).sum(), b) }), { a: of, b: of }, { backend });
      const { data } = (await program.run({ a: x, b: y })).y;
      const unit = dtype === "float32" ? 2 ** -23 : 2 ** -52;
      const finite = x.map((_, i) => i).filter((i) => y[i] !== 0 && Number.isFinite(quotient[i]));
      expect(finite.length).toBeGreaterThan(500);
      // Quotients of more digits than the type has are rounded.
      const wrong = finite.flatMap((i) =>
        Math.abs(data[i] + quotient[i]) <= 2 * unit * Math.abs(quotient[i])
          ? []
          : [`${x[i]} mod ${y[i]}: ${data[i]}, not ${-quotient[i]}`],
      );
      expect(wrong).toEqual([]);
    },
  );
});
