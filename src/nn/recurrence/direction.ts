import type { DType } from "../../graph/dtype.ts";
import { scan, type Tensors } from "../../tensor/control.ts";
import { concat, einsum } from "../../tensor/functions.ts";
import { parameter } from "../../tensor/parameter.ts";
import { type Tensor, where } from "../../tensor/tensor.ts";
import { uniform } from "../initializers.ts";
import type { Cell } from "./cell.ts";
import type { GateBlocks } from "./gates.ts";

/** One layer's way through a sequence, forwards or in reverse, with its weights. */
export interface Direction {
  /** By PyTorch's names, `weight_ih_l0`. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  /**
   * @param x      [time, batch, inputs]
   * @param state  before the first step that is taken, [batch, size] each
   * @param valid  [time, batch], bool: steps that are taken; the others leave the state alone and give zeros
   * @returns      out: [time, batch, size of h]; state: after the last step that is taken
   */
  run(x: Tensor, state: Tensors, valid: Tensor | undefined): { out: Tensor; state: Tensors };
}

export interface DirectionOptions {
  readonly inputs: number;
  readonly hidden: number;
  /** Size of h where it is projected, or 0. */
  readonly projection: number;
  readonly blocks: GateBlocks;
  readonly bias: boolean;
  readonly dtype: DType;
  readonly reverse: boolean;
  /** The layer's name and the ending of the weights' names: "lstm(3, 8)" and "l0_reverse". */
  readonly name: string;
  readonly ending: string;
}

export function direction(cell: Cell, options: DirectionOptions): Direction {
  const { inputs, hidden, projection, blocks, reverse } = options;
  const limit = 1 / Math.sqrt(hidden);
  const knobs = (role: string, shape: number[]) =>
    parameter(shape, uniform(-limit, limit), {
      name: `${options.name}.${role}_${options.ending}`,
      dtype: options.dtype,
    });
  const ih = knobs("weight_ih", [blocks.input.count * hidden, inputs]);
  const hh = knobs("weight_hh", [blocks.recurrent.count * hidden, projection || hidden]);
  const biases = options.bias && {
    ih: knobs("bias_ih", [blocks.bias.count * hidden]),
    hh: knobs("bias_hh", [blocks.bias.count * hidden]),
  };
  const hr = projection > 0 && knobs("weight_hr", [projection, hidden]);
  const parameters = named(options.ending, {
    weight_ih: ih,
    weight_hh: hh,
    ...(biases && { bias_ih: biases.ih, bias_hh: biases.hh }),
    ...(hr && { weight_hr: hr }),
  });

  const block = (x: Tensor, number: number) => x.slice(number * hidden, (number + 1) * hidden, -1);

  /** What a gate's sum of x and h takes besides its products, [hidden], or undefined. */
  const biasOf = (gate: string, side: "x" | "h") => {
    if (!biases) return undefined;
    const number = blocks.bias.of[gate];
    const [own, other] = side === "x" ? [biases.ih, biases.hh] : [biases.hh, biases.ih];
    if (cell.apart.includes(gate)) return block(own, number);
    return side === "x" ? block(own.add(other), number) : undefined;
  };
  /** The biases go into the product before the scan, unless gates that share a block of it differ in theirs. */
  const early = Array.from({ length: blocks.input.count }, (_, number) => {
    const readers = cell.gates.filter((gate) => blocks.input.of[gate] === number);
    const [first, ...others] = readers.map((gate) => `${blocks.bias.of[gate]} ${cell.apart.includes(gate)}`);
    return others.every((key) => key === first) ? readers[0] : undefined;
  });
  const isEarly = biases && early.every((gate) => gate !== undefined);

  const run: Direction["run"] = (x, state, valid) => {
    const product = einsum("tbi,gi->tbg", x, ih);
    const flow = isEarly ? product.add(concat(early.map((gate) => biasOf(gate as string, "x") as Tensor))) : product;
    const { carry, out } = scan(
      state as { h: Tensor },
      (before, now) => {
        const recurrent = einsum("bh,gh->bg", before.h, hh);
        const inflow = (gate: string, h?: Tensor) => {
          const [fromX, fromH] = [isEarly ? undefined : biasOf(gate, "x"), biasOf(gate, "h")];
          const [sx, own] = [block(now.flow, blocks.input.of[gate]), blocks.recurrent.of[gate]];
          const sh = h ? einsum("bh,gh->bg", h, hh.slice(own * hidden, (own + 1) * hidden)) : block(recurrent, own);
          return { x: fromX ? sx.add(fromX) : sx, h: fromH ? sh.add(fromH) : sh };
        };
        const next = { ...cell.step(inflow, before) };
        if (hr) next.h = einsum("bh,ph->bp", next.h, hr);
        const taken = now.valid?.unsqueeze(-1);
        if (!taken) return { carry: next as { h: Tensor }, out: { h: next.h } };
        const kept = Object.entries(next).map(([key, x]) => [key, where(taken, x, (before as Tensors)[key])]);
        return { carry: Object.fromEntries(kept), out: { h: where(taken, next.h, 0) } };
      },
      { xs: { flow, ...(valid && { valid }) } as { flow: Tensor; valid?: Tensor } & Tensors, reverse },
    );
    return { out: out.h, state: carry };
  };
  return { parameters, run };
}

const named = (ending: string, weights: Tensors) =>
  Object.fromEntries(Object.entries(weights).map(([role, weight]) => [`${role}_${ending}`, weight]));
