import { readFileSync } from "node:fs";
import { compile, nn } from "pondus";
import { describe, expect, test } from "vitest";
import { onEveryBackend } from "../support/every-backend.ts";
import { ulpError } from "../support/ulp.ts";

const fixture: { readonly [dtype: string]: { readonly [name: string]: readonly number[] } } = JSON.parse(
  readFileSync(new URL("../fixtures/gelu.json", import.meta.url), "utf8"),
);

/** Of x Phi(x): the function's own error, and that of the product. */
const bound = 4;

onEveryBackend((backend) => {
  describe.each(["float32", "float64"] as const)("%s", (dtype) => {
    test("gelu and its tanh form far into the negative tail", async () => {
      const { x, gelu, geluTanh } = fixture[dtype];
      const program = compile(
        ({ x }) => ({ gelu: nn.gelu(x), geluTanh: nn.geluTanh(x) }),
        { x: { shape: [x.length], dtype } },
        { backend },
      );
      const got = await program.run({ x });
      const worst = (list: ArrayLike<number>, truth: readonly number[], slack: (x: number) => number) =>
        Math.max(...truth.map((y, i) => ulpError(list[i], y, dtype) / slack(x[i])));
      expect(worst(got.gelu.data, gelu, () => 1)).toBeLessThanOrEqual(bound);
      // An error of 1 ulp in the argument of exp is one of |argument| ulp in the result.
      const argument = (x: number) => 1 + Math.abs(1.6 * x * (1 + 0.045 * x * x));
      expect(worst(got.geluTanh.data, geluTanh, argument)).toBeLessThanOrEqual(bound);
    });
  });
});
