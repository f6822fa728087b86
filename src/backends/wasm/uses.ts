import type { Instruction, Place, Value } from "../../compiler/loop.ts";
import { bytesOf } from "../../graph/dtype.ts";

/** What is known of a routine's values before it is printed. */
export interface Uses {
  /** How often each is pushed. */
  readonly counts: ReadonlyMap<Value, number>;
  /** Those used in a block inside the one that makes them: a loop there needs them at every turn. */
  readonly escaping: ReadonlySet<Value>;
  readonly variables: ReadonlySet<Value>;
  /** Positions of places, with the bytes that they are multiplied with. */
  readonly positions: ReadonlyMap<Value, ReadonlySet<number>>;
}

export function countUses(body: readonly Instruction[]): Uses {
  const counts = new Map<Value, number>();
  const escaping = new Set<Value>();
  const positions = new Map<Value, Set<number>>();
  const { madeIn, variables } = findMade(body);

  const use = (value: Value, block: readonly Instruction[]) => {
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (madeIn.get(value) !== block) escaping.add(value);
  };
  const usePlace = (place: Place, block: readonly Instruction[]) => {
    if (!place.moving) return;
    const { position, scale } = place.moving;
    if (variables.has(position)) return use(position, block);
    // Multiplied once per scale, right where it is made.
    const products = positions.get(position) ?? new Set<number>();
    const bytes = scale * bytesOf[place.buffer.dtype];
    if (!products.has(bytes)) use(position, madeIn.get(position) ?? block);
    positions.set(position, products.add(bytes));
  };
  /** Backwards, so that what makes a value that nobody uses is no use of its operands. */
  const visit = (block: readonly Instruction[]) => {
    for (const one of block.toReversed()) {
      if (one.op === "compute" && counts.has(one.to)) for (const a of one.args) use(a, block);
      else if (one.op === "load" && counts.has(one.to)) usePlace(one.from, block);
      else if (one.op === "declare" || one.op === "assign") use(one.from, block);
      else if (one.op === "for") visit(one.body);
      else if (one.op === "store") {
        usePlace(one.to, block);
        use(one.value, block);
      }
    }
  };
  visit(body);
  return { counts, escaping, variables, positions };
}

function findMade(body: readonly Instruction[]) {
  const madeIn = new Map<Value, readonly Instruction[]>();
  const variables = new Set<Value>();
  const visit = (block: readonly Instruction[]) => {
    for (const one of block) {
      if (one.op === "for") visit(one.body);
      else if (one.op !== "store" && one.op !== "assign" && one.op !== "fetch") madeIn.set(one.to, block);
      if (one.op === "declare") variables.add(one.to);
    }
  };
  visit(body);
  return { madeIn, variables };
}
