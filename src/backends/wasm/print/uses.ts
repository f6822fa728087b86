import type { Instruction, Place, Value } from "../../../compiler/ir/loop.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import { InternalError } from "../../../graph/errors.ts";

/** What is known of one value of a routine before it is printed. */
export interface Use {
  readonly madeIn: readonly Instruction[];
  readonly variable: boolean;
  /** How often it is pushed. */
  count: number;
  /** Whether that is in a block inside the one that makes it: a loop there needs it in every iteration. */
  escapes: boolean;
}

export interface Uses {
  readonly values: ReadonlyMap<Value, Use>;
  /** Positions of places, with the bytes that they are multiplied with. */
  readonly positions: ReadonlyMap<Value, ReadonlySet<number>>;
}

export function countUses(body: readonly Instruction[]): Uses {
  const values = valuesOf(body);
  const positions = new Map<Value, Set<number>>();

  const find = (value: Value): Use => {
    const known = values.get(value);
    if (!known) throw new InternalError(`value ${value.id} is used but not made`);
    return known;
  };
  const use = (known: Use, block: readonly Instruction[]) => {
    known.count++;
    if (known.madeIn !== block) known.escapes = true;
  };
  const usePlace = (place: Place, block: readonly Instruction[]) => {
    if (!place.moving) return;
    const { position, scale } = place.moving;
    const known = find(position);
    if (known.variable) return use(known, block);
    // Multiplied once per scale, right where it is made.
    const products = positions.get(position) ?? new Set<number>();
    const bytes = scale * bytesOf[place.buffer.dtype];
    if (!products.has(bytes)) use(known, known.madeIn);
    positions.set(position, products.add(bytes));
  };
  /** Backwards, so that what makes an unused value is no use of its operands. */
  const visit = (block: readonly Instruction[]) => {
    for (let i = block.length - 1; i >= 0; i--) {
      const one = block[i];
      if (one.op === "compute") {
        if (find(one.to).count > 0) for (let k = 0; k < one.args.length; k++) use(find(one.args[k]), block);
      } else if (one.op === "load") {
        if (one.from.moving && find(one.to).count > 0) usePlace(one.from, block);
      } else if (one.op === "declare" || one.op === "assign") use(find(one.from), block);
      else if (one.op === "for") visit(one.body);
      else if (one.op === "when") {
        visit(one.body);
        use(find(one.test), block);
      } else if (one.op === "store") {
        usePlace(one.to, block);
        use(find(one.value), block);
      }
    }
  };
  visit(body);
  return { values, positions };
}

function valuesOf(body: readonly Instruction[]): Map<Value, Use> {
  const values = new Map<Value, Use>();
  const visit = (block: readonly Instruction[]) => {
    for (const one of block) {
      if (one.op === "for" || one.op === "when") visit(one.body);
      else if (one.op !== "store" && one.op !== "assign" && one.op !== "fetch") {
        values.set(one.to, { madeIn: block, variable: one.op === "declare", count: 0, escapes: false });
      }
    }
  };
  visit(body);
  return values;
}
