import {
  add,
  along,
  at,
  type Index,
  type LoopOp,
  type LoopProgram,
  type LoopType,
  type Value,
} from "../../../src/compiler/ir/loop.ts";
import { Arena, Hand, index, launch } from "./by-hand.ts";

const length = 64;

interface Known {
  readonly values: Value[];
  readonly variables: Value[];
  /** Counters with their largest value. */
  readonly counters: readonly { index: Index; max: number }[];
}

/**
 * A program that a list of choices describes: loads and stores of few buffers that share bytes, variables, loops and
 * conditions in each other, in scalars and vectors. What it stores stays finite or NaN by the same rules everywhere.
 */
export function randomProgram(choices: readonly number[]): LoopProgram {
  const arena = new Arena();
  const buffers = [arena.buffer("float32", length), arena.buffer("float32", length), arena.buffer("int32", length)];
  // An output in place: another buffer with the bytes of the first.
  buffers.push({ ...buffers[0], id: -1 });
  const h = new Hand();
  const outer = index();
  let next = 0;
  const choose = (below: number) => (next < choices.length ? choices[next++] : 0) % below;
  const pick = <T>(list: readonly T[]): T | undefined => (list.length ? list[choose(list.length)] : undefined);

  const place = (known: Known, room: number) => {
    let position = at(0);
    let most = 0;
    for (const { index, max } of known.counters) {
      const scale = choose(4);
      if (most + scale * max > length - room - 1) continue;
      // Every other counter runs against the direction of memory.
      const turned = choose(2) === 1;
      position = add(position, turned ? add(along(index, -scale), at(scale * max)) : along(index, scale));
      most += scale * max;
    }
    return add(position, at(choose(length - room - most)));
  };

  const some = (known: Known, type: LoopType, lanes: number): Value => {
    const fitting = [...known.values, ...known.variables].filter((v) => v.type === type && v.lanes === lanes);
    return (choose(5) ? pick(fitting) : undefined) ?? h.constant(type, lanes, choose(5) - 2);
  };

  const load = (known: Known, type: LoopType, lanes: number): Value => {
    const stride = lanes === 1 ? 1 : choose(4);
    const buffer = type === "int32" ? buffers[2] : buffers[[0, 1, 3][choose(3)]];
    const room = (lanes - 1) * stride + 1;
    if (choose(3)) return h.load(type, lanes, buffer, place(known, room), stride);
    // A position in 0..7 whatever the number it is made of.
    const position = h.compute("and", "int32", 1, some(known, "int32", 1), h.constant("int32", 1, 7));
    return h.load(type, lanes, buffer, place(known, room + 14), stride, { position, scale: choose(3) });
  };

  const binary: LoopOp[] = ["add", "sub", "maximum", "minimum"];
  const makeOne = (known: Known, type: LoopType, lanes: number): Value => {
    const kind = choose(4);
    const arg = () => some(known, type, lanes);
    if (kind === 0) return load(known, type, lanes);
    if (kind === 1) {
      const width = h.compute("lt", "mask32", lanes, arg(), arg());
      return h.compute("select", type, lanes, width, arg(), arg());
    }
    if (kind === 2 && type === "int32") return h.ramp(lanes, place(known, 0), choose(3));
    return h.compute(pick(binary) as LoopOp, type, lanes, arg(), arg());
  };

  const block = (outside: Known, depth: number): void => {
    const known = { ...outside, values: [...outside.values], variables: [...outside.variables] };
    for (let n = 2 + choose(8); n > 0; n--) {
      const type = choose(3) ? "float32" : "int32";
      const lanes = choose(2) ? 4 : 1;
      const kind = choose(9);
      if (kind <= 2) known.values.push(makeOne(known, type, lanes));
      else if (kind === 3) {
        const buffer = type === "int32" ? buffers[2] : buffers[[0, 1, 3][choose(3)]];
        h.store(some(known, type, lanes), buffer, place(known, lanes));
      } else if (kind === 4) known.variables.push(h.declare(some(known, type, lanes)));
      else if (kind === 5) {
        const variable = pick(known.variables);
        if (variable) h.assign(variable, some(known, variable.type, variable.lanes));
      } else if (depth < 3) {
        const [from, step, turns] = [choose(3), 1 + choose(3), 1 + choose(4)];
        const max = from + step * (turns - 1);
        h.for(from, max + 1, step, (index) =>
          block({ ...known, counters: [...known.counters, { index, max }] }, depth + 1),
        );
      }
    }
    for (const value of [...known.values, ...known.variables].slice(-3)) {
      h.store(value, buffers[value.type === "int32" ? 2 : 1], place(known, value.lanes));
    }
  };

  block({ values: [], variables: [], counters: [{ index: outer, max: 2 }] }, 0);
  const body = [launch(h.routine("random", [outer]))];
  return arena.program({ kind: "repeat", index: outer, length: 3, reverse: choices.length % 2 === 0, body });
}
