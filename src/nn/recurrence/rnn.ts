import { PondusError } from "../../graph/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { relu } from "../activations.ts";
import type { Cell } from "./cell.ts";
import { type Recurrent, type RecurrentOptions, recurrent } from "./recurrent.ts";

/** What `rnn` and `gru` carry: h, [layers * directions, batch, hidden]. */
export type HiddenState = { readonly h: Tensor };

const cell = (activation: "tanh" | "relu"): Cell => ({
  kind: "rnn",
  gates: ["hidden"],
  apart: [],
  states: ["h"],
  step(inflow) {
    const { x, h } = inflow("hidden");
    const sum = x.add(h);
    return { h: activation === "relu" ? relu(sum) : sum.tanh() };
  },
});

/**
 * The plain recurrent layer (Elman, Cogn. Sci. 14, 179, 1990): [batch, time, inputs] to [batch, time, hidden], or
 * [batch, time, 2 hidden] when bidirectional.
 *
 *     h' = tanh(w_ih x + b_ih + w_hh h + b_hh)
 *
 * Weights have PyTorch's names and shapes, l0 being the first layer, and `l0_reverse` its way back: `weight_ih_l0`
 * [hidden, inputs], `weight_hh_l0` [hidden, hidden], `bias_ih_l0` and `bias_hh_l0` [hidden]. They begin uniform within
 * +-1/sqrt(hidden).
 *
 * @param inputs              features of a step
 * @param hidden              size of h
 * @param options.activation  "tanh" (default) or "relu"
 * @throws `layer.size` for sizes that are none, `layer.option`, and what `RecurrentOptions` say; when
 *         called, what `run` throws
 */
export function rnn(
  inputs: number,
  hidden: number,
  options: RecurrentOptions & { activation?: "tanh" | "relu" } = {},
): Recurrent<HiddenState> {
  const { activation = "tanh" } = options;
  if (!["tanh", "relu"].includes(activation)) {
    throw new PondusError(
      "layer.option",
      `rnn(${inputs}, ${hidden}): activation is "tanh" or "relu", but ${JSON.stringify(activation)} came.`,
    );
  }
  return recurrent({ cell: cell(activation), inputs, hidden }, options);
}
