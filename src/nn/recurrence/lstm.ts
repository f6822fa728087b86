import type { Tensor } from "../../tensor/tensor.ts";
import type { Cell } from "./cell.ts";
import type { GateTie } from "./gates.ts";
import { type Recurrent, type RecurrentOptions, recurrent } from "./recurrent.ts";

export type LstmGate = "input" | "forget" | "cell" | "output";

/** What an `lstm` carries: h, [layers * directions, batch, hidden or projection], and c, [.., .., hidden]. */
export type LstmState = { readonly h: Tensor; readonly c: Tensor };

const cell = (coupled: boolean): Cell => ({
  kind: "lstm",
  gates: (["input", "forget", "cell", "output"] satisfies LstmGate[]).filter((g) => !(coupled && g === "forget")),
  apart: [],
  states: ["h", "c"],
  step(inflow, { c }) {
    const sum = (gate: LstmGate) => {
      const { x, h } = inflow(gate);
      return x.add(h);
    };
    const input = sum("input").sigmoid();
    const fresh = sum("cell").tanh();
    // Coupled, (1 - input) c + input fresh in one product fewer.
    const next = coupled ? c.add(input.mul(fresh.sub(c))) : sum("forget").sigmoid().mul(c).add(input.mul(fresh));
    return { h: sum("output").sigmoid().mul(next.tanh()), c: next };
  },
});

/**
 * Long short-term memory (Hochreiter & Schmidhuber, Neural Comput. 9, 1735, 1997) with forget gates (Gers, Schmidhuber
 * & Cummins, Neural Comput. 12, 2451, 2000): [batch, time, inputs] to [batch, time, hidden], or [batch, time, 2 hidden]
 * when bidirectional.
 *
 *     input, forget, output = sigmoid(w_i. x + b_i. + w_h. h + b_h.), each with its own block of the weights
 *     cell = tanh(w_ig x + b_ig + w_hg h + b_hg)
 *     c'   = forget c + input cell
 *     h'   = output tanh(c')
 *
 * Weights have PyTorch's names and shapes, with the gates' blocks in the order input, forget, cell, output:
 * `weight_ih_l0` [4 hidden, inputs], `weight_hh_l0` [4 hidden, hidden], `bias_ih_l0` and `bias_hh_l0` [4 hidden]; l0 is
 * the first layer, and `l0_reverse` its way back. They begin uniform within +-1/sqrt(hidden).
 *
 * @param inputs              features of a step
 * @param hidden              size of c, and of h where it is not projected
 * @param options.projection  size of h, less than hidden: h' = w_hr (output tanh(c')), with `weight_hr_l0` [projection,
 *                            hidden] (Sak, Senior & Beaufays, Interspeech 2014); 0 for none (default)
 * @param options.coupled     forget = 1 - input (Greff et al., IEEE Trans. Neural Netw. Learn. Syst. 28, 2222, 2017):
 *                            there is no forget gate, and weights have three blocks (default: no)
 * @param options.tie         gates that share weights, `[["input", "forget"], ["cell", "output"]]`, or
 *                            `{ input, recurrent, bias }` with groups for each kind of weight. A weight then has one
 *                            block for each group or single gate, in the order of their first gates: of the 4 hidden
 *                            rows above, only the distinct ones
 * @throws `layer.size` for sizes that are none, `recurrence.tie`, and what `RecurrentOptions` say; when called,
 *         what `run` throws
 */
export function lstm(
  inputs: number,
  hidden: number,
  options: RecurrentOptions & { projection?: number; coupled?: boolean; tie?: GateTie<LstmGate> } = {},
): Recurrent<LstmState> {
  const { projection, coupled = false, tie } = options;
  return recurrent({ cell: cell(coupled), inputs, hidden, projection, tie }, options);
}
