import { optim, type Tensor } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { loop } from "./loop.ts";

/** Losses before each of ten steps of Adam, and what steps cost. */
export async function training(build: () => Tensor, rate: number): Promise<Ready> {
  const began = performance.now();
  const loss = build();
  const run = loop({ outputs: { loss }, ...optim.adam({ learningRate: rate }).minimize(loss) });
  const check = [(await run(1)).loss.item()];
  const compileSeconds = (performance.now() - began) / 1000;
  while (check.length < 10) check.push((await run(1)).loss.item());
  return {
    check,
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
