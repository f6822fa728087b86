import { PondusError } from "../../graph/errors.ts";
import type { Cell } from "./cell.ts";
import type { GateTie } from "./gates.ts";
import { type Recurrent, type RecurrentOptions, recurrent } from "./recurrent.ts";
import type { HiddenState } from "./rnn.ts";

export type GruGate = "reset" | "update" | "new";

const cell = (isBefore: boolean): Cell => ({
  kind: "gru",
  gates: ["reset", "update", "new"] satisfies GruGate[],
  apart: ["new"] satisfies GruGate[],
  states: ["h"],
  step(inflow, { h }) {
    const [reset, update] = ["reset", "update"].map((gate) => {
      const from = inflow(gate);
      return from.x.add(from.h).sigmoid();
    });
    const proposed = inflow("new", isBefore ? reset.mul(h) : undefined);
    const fresh = proposed.x.add(isBefore ? proposed.h : reset.mul(proposed.h)).tanh();
    return { h: fresh.add(update.mul(h.sub(fresh))) };
  },
});

/**
 * Gated recurrent units (Cho et al., EMNLP 2014; as PyTorch has them, with the reset gate after the product): [batch,
 * time, inputs] to [batch, time, hidden], or [batch, time, 2 hidden] when bidirectional.
 *
 *     reset  = sigmoid(w_ir x + b_ir + w_hr h + b_hr)
 *     update = sigmoid(w_iz x + b_iz + w_hz h + b_hz)
 *     new    = tanh(w_in x + b_in + reset (w_hn h + b_hn))
 *     h'     = (1 - update) new + update h
 *
 * Weights have PyTorch's names and shapes, with the gates' blocks in the order reset, update, new: `weight_ih_l0`
 * [3 hidden, inputs], `weight_hh_l0` [3 hidden, hidden], `bias_ih_l0` and `bias_hh_l0` [3 hidden]; l0 is the first
 * layer, and `l0_reverse` its way back. They begin uniform within +-1/sqrt(hidden).
 *
 * @param inputs       features of a step
 * @param hidden       size of h
 * @param options.reset  "after" (default), as above; "before", as in the paper and by default in ONNX, where the gate is on h itself:
 *                     new = tanh(w_in x + b_in + w_hn (reset h) + b_hn)
 * @param options.tie  gates that share weights, `[["reset", "update"]]`, or `{ input, recurrent, bias }` with groups for
 *                     each kind of weight. A weight then has one block for each group or single gate, in the order of
 *                     their first gates: of the 3 hidden rows above, only the distinct ones
 * @throws `layer.size` for sizes that are none, `recurrence.tie`, `layer.option`, and what `RecurrentOptions` say; when called,
 *         what `run` throws
 */
export function gru(
  inputs: number,
  hidden: number,
  options: RecurrentOptions & { reset?: "before" | "after"; tie?: GateTie<GruGate> } = {},
): Recurrent<HiddenState> {
  const { reset = "after", tie } = options;
  if (reset !== "after" && reset !== "before") {
    throw new PondusError(
      "layer.option",
      `gru(${inputs}, ${hidden}): reset is "after" or "before" the product, but ${JSON.stringify(reset)} came.`,
    );
  }
  return recurrent({ cell: cell(reset === "before"), inputs, hidden, tie }, options);
}
