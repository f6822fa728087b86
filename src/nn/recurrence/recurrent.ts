import type { DType } from "../../graph/dtype.ts";
import { labelled } from "../../graph/origin.ts";
import type { Tensors } from "../../tensor/control.ts";
import { arange, concat, stack, zeros } from "../../tensor/functions.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { dropout } from "../dropout.ts";
import { type Layer, layer } from "../layer.ts";
import type { Cell } from "./cell.ts";
import { direction } from "./direction.ts";
import { describeBlocks, type GateBlocks, type GateTie, gateBlocks } from "./gates.ts";
import { checkDropout, checkInput, checkLengths, checkSizes, checkState } from "./refusals.ts";

/**
 * What all recurrent layers can be told.
 *
 * They throw `layer.size` when `layers` is no whole number from 1, `layer.option` unless 0 <= dropout < 1, and
 * `layer.option` when there is only one layer.
 */
export interface RecurrentOptions {
  /** How many stand one on the other (default 1). */
  readonly layers?: number;
  /** Whether each layer also reads the sequence from its end, giving twice as many features (default: no). */
  readonly bidirectional?: boolean;
  /** Whether there are biases (default: yes). */
  readonly bias?: boolean;
  /** Probability with which `dropout` drops a number that goes from one layer to the next (default 0). */
  readonly dropout?: number;
  /** float32 (default) or float64. */
  readonly dtype?: DType;
}

/** A layer [batch, time, inputs] -> [batch, time, features] that carries a state from step to step. */
export interface Recurrent<State extends Tensors = Tensors> extends Layer {
  /**
   * The layer with its state before and after.
   *
   * @param x                [batch, time, inputs]
   * @param options.state    before the first step, [layers * directions, batch, size] each (default: zeros); the
   *                         directions of a layer stand together, the reverse one second
   * @param options.lengths  steps of each sequence, int32 [batch]. From there on steps leave the state alone and give
   *                         zeros, whatever `x` holds; the reverse direction begins at step `length - 1`
   * @returns                output: [batch, time, features]; state: after the last step, of the shape of that before
   * @throws `layer.input`, `recurrence.state` and `recurrence.lengths` for tensors of another shape or type
   */
  run(x: Tensor, options?: { state?: State; lengths?: Tensor }): { output: Tensor; state: State };
}

export interface RecurrentPlan {
  readonly cell: Cell;
  readonly inputs: number;
  readonly hidden: number;
  readonly projection?: number;
  readonly tie?: GateTie;
}

/** A recurrent layer of any kind of cell. */
export function recurrent<State extends Tensors>(plan: RecurrentPlan, options: RecurrentOptions): Recurrent<State> {
  const { cell, inputs, hidden, projection = 0 } = plan;
  const { layers = 1, bidirectional = false, bias = true, dropout: rate = 0, dtype = "float32" } = options;
  const name = `${cell.kind}(${inputs}, ${hidden})`;
  checkSizes(name, { inputs, hidden, layers, projection });
  checkDropout(name, rate, layers);
  const drop = rate === 0 ? undefined : dropout(rate);
  const blocks = gateBlocks(name, cell.gates, plan.tie);
  const size = projection || hidden;
  const ways = bidirectional ? [false, true] : [false];
  const levels = labelled(name, () =>
    Array.from({ length: layers }, (_, level) =>
      ways.map((reverse) =>
        direction(cell, {
          inputs: level === 0 ? inputs : size * ways.length,
          hidden,
          projection,
          blocks,
          bias,
          dtype,
          reverse,
          name,
          ending: `l${level}${reverse ? "_reverse" : ""}`,
        }),
      ),
    ),
  );
  const sizes = Object.fromEntries(cell.states.map((key) => [key, key === "h" ? size : hidden]));

  const run = (x: Tensor, given: { state?: State; lengths?: Tensor } = {}) =>
    labelled(name, () => {
      checkInput(name, x, inputs, dtype);
      const [batch, time] = x.shape;
      if (given.lengths) checkLengths(name, given.lengths, batch);
      if (given.state) checkState(name, given.state, sizes, layers * ways.length, batch, dtype);
      const initial = (place: number): Tensors =>
        Object.fromEntries(
          cell.states.map((key) => [key, given.state?.[key].at(place) ?? zeros([batch, sizes[key]], dtype)]),
        );
      const valid = given.lengths && arange(time).unsqueeze(1).lt(given.lengths.unsqueeze(0));
      const steps = x.permute([1, 0, 2]);
      // Whatever stands there, NaN too: it must not reach a weight's gradient by way of a step that is not taken.
      let y = valid ? where(valid.unsqueeze(-1), steps, 0) : steps;
      const finals: Tensors[] = [];
      levels.forEach((level, depth) => {
        if (depth > 0 && drop) y = drop(y);
        const results = level.map(({ run }, i) => run(y, initial(finals.length + i), valid));
        finals.push(...results.map(({ state }) => state));
        const outs = results.map(({ out }) => out);
        y = bidirectional ? concat(outs, -1) : outs[0];
      });
      const state = Object.fromEntries(cell.states.map((key) => [key, stack(finals.map((final) => final[key]))]));
      return { output: y.permute([1, 0, 2]), state: state as State };
    });

  const parameters = Object.assign({}, ...levels.flat().map((way) => way.parameters)) as Record<string, Tensor>;
  return Object.assign(
    layer(cell.kind, (x) => run(x).output, { name, parameters, blocks: blocksOf(parameters, blocks) }),
    { run },
  );
}

/** What the blocks of each parameter are for, by its name, where gates share some. */
function blocksOf(parameters: Readonly<Record<string, Tensor>>, blocks: GateBlocks): Record<string, string> {
  const kinds = { weight_ih: blocks.input, weight_hh: blocks.recurrent, bias: blocks.bias };
  return Object.fromEntries(
    Object.keys(parameters).flatMap((name) => {
      const [, own] = Object.entries(kinds).find(([kind]) => name.startsWith(`${kind}_`)) ?? [];
      const text = own && describeBlocks(own);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}
