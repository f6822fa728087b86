import { parameterOf, type Tensor } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";

const maps: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  tanh: (x) => x.tanh(),
  exp: (x) => x.neg().exp(),
  chain: (x) => x.mul(0.75).add(0.125).mul(x).sub(0.25).abs().mul(0.5).add(0.25).minimum(1),
};

/** x <- f(x), again and again. */
export async function elementwise(data: CaseData, sizes: Readonly<Record<string, unknown>>): Promise<Ready> {
  const began = performance.now();
  const x = data.parameter("x");
  const home = parameterOf(x)!;
  const run = loop({ outputs: {}, updates: [{ parameter: home, value: maps[String(sizes.function)](x) }] });
  await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  await run(9);
  const result = home.read();
  return {
    check: summary(result, [0, result.length - 1]),
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
