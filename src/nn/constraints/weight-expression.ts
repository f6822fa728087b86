import type { Constraint, Numbering } from "../../graph/constraint.ts";
import { type Shape, sizeOf, stridesOf } from "../../graph/shape.ts";
import { concat, tensor } from "../../tensor/functions.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { insideOf } from "./reparametrise.ts";

/**
 * A constrained weight, from its free numbers and its frozen ones: the free ones brought inside their bounds, then both
 * put at the entries that share them. Where every entry has its own, in order, that is a reshape; along axes on which
 * nothing depends, a broadcast; else numbers are looked up.
 */
export function weightExpression(
  { shape, groups }: Constraint,
  numbering: Numbering,
  knobs: Tensor | undefined,
  frozen: Tensor | undefined,
): Tensor {
  const free =
    knobs &&
    insideOf(
      knobs,
      numbering.free.map((g) => groups[g]),
    );
  const { kept, index } = withoutIdleAxes(shape, numbering.index);
  const numbers = free && frozen ? concat([free, frozen.flatten()]) : ((free ?? frozen) as Tensor);
  return spread(numbers, index).reshape(kept).expand(shape);
}

/** Numbers at an index; where that is each once and in order, they as they are. */
function spread(numbers: Tensor, index: Int32Array): Tensor {
  if (numbers.size === 1) return numbers.flatten().expand([index.length]);
  const isWhole = index.length === numbers.size && index.every((k, i) => k === i);
  return isWhole ? numbers : lookedUp(numbers.flatten(), index);
}

/** The index with one position for each axis along which all entries are the same numbers. */
function withoutIdleAxes(shape: Shape, index: Int32Array): { kept: number[]; index: Int32Array } {
  const strides = stridesOf(shape);
  const isIdle = shape.map((n, axis) =>
    index.every((k, entry) => k === index[entry - (Math.floor(entry / strides[axis]) % n) * strides[axis]]),
  );
  const kept = shape.map((n, axis) => (isIdle[axis] ? 1 : n));
  if (sizeOf(kept) === index.length) return { kept, index };
  const first = index.filter((_, entry) =>
    shape.every((n, axis) => !isIdle[axis] || Math.floor(entry / strides[axis]) % n === 0),
  );
  return { kept, index: first };
}

/** The number of copies among which lookups alternate where neighbours share a number. */
const copies = 4;

/**
 * Numbers at an index. In the backward pass each is a sum over its entries, added up one after another; where neighbours
 * share a number, every addition would wait for the one before, so they are looked up in copies, which add up apart.
 */
function lookedUp(numbers: Tensor, index: Int32Array): Tensor {
  const { size } = numbers;
  let repeats = 0;
  for (let i = 1; i < index.length; i++) if (index[i] === index[i - 1]) repeats++;
  if (2 * repeats < index.length || 2 * copies * size > index.length) return numbers.gather(tensor(index));
  const copyOf = index.map((k, i) => k + (i % copies) * size);
  return numbers.expand([copies, size]).flatten().gather(tensor(copyOf));
}
