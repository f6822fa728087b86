import { nn, parameterOf, vjp } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import { summary } from "../protocol/summary.ts";
import type { CaseData } from "./data.ts";
import { loop } from "./loop.ts";

/** A convolution, or the gradients of its input and its kernel. */
export async function conv(data: CaseData, { what }: Readonly<Record<string, unknown>>): Promise<Ready> {
  const began = performance.now();
  const [outputs, inputs, size] = data.shape("kernel0");
  const layer = nn.conv2d(inputs, outputs, size, { padding: 1, bias: false, init: data.initial("kernel0") });
  const [x, kernel] = [data.parameter("x"), layer.parameters.weight];
  const y = layer(x);
  const dy = what === "gradients" ? [data.parameter("dy")] : [];
  const results = what === "gradients" ? vjp([y], dy, [x, kernel]) : [y];
  const slots = results.map((result, i) => data.slot(`result ${i}`, result.shape));
  const run = loop({
    outputs: {},
    updates: [
      // What goes in counts as changed by every step: otherwise the results would be the same in all, and be taken out
      // of the loop.
      ...[x, kernel, ...dy].map((tensor) => ({ parameter: parameterOf(tensor)!, value: tensor })),
      ...results.map((value, i) => ({ parameter: parameterOf(slots[i])!, value })),
    ],
  });
  await run(1);
  const compileSeconds = (performance.now() - began) / 1000;
  const check = slots.flatMap((slot) => {
    const numbers = parameterOf(slot)!.read();
    return summary(numbers, [0, numbers.length - 1]);
  });
  return {
    check,
    compileSeconds,
    advance: async (count) => {
      await run(count);
    },
  };
}
