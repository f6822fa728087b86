import { parameterOf } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";

/** c = a b, with a or b stored the other way round. */
export async function gemm(data: CaseData, { form }: Readonly<Record<string, unknown>>): Promise<Ready> {
  const began = performance.now();
  const [a, b] = [data.parameter("a"), data.parameter("b")];
  const product = (form === "tn" ? a.T : a).matmul(form === "nt" ? b.T : b);
  const c = data.slot("c", product.shape);
  // The factors count as changed by every step: otherwise the product would be the same in all, and be taken out of the loop.
  const updates = [
    { parameter: parameterOf(a)!, value: a },
    { parameter: parameterOf(b)!, value: b },
    { parameter: parameterOf(c)!, value: product },
  ];
  const run = loop({ outputs: {}, updates });
  await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const result = parameterOf(c)!.read();
  return {
    check: summary(result, [0, result.length - 1]),
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
