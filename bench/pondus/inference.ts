import { compile, nn } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { layersOf, network } from "./network.ts";

/** The forward pass as a user calls it: numbers in, numbers out. */
export async function inference(data: CaseData): Promise<Ready> {
  const began = performance.now();
  const layers = layersOf(data);
  const program = compile(({ x }) => ({ y: network(layers, nn.relu, x) }), { x: data.shape("x") });
  const x = data.array("x");
  const { y } = await program.run({ x });
  const compileSeconds = (performance.now() - began) / 1000;
  return {
    check: summary(y.data, [0]),
    compileSeconds,
    advance: async (count) => {
      for (let i = 0; i < count; i++) await program.run({ x });
    },
  };
}
