import { PondusError } from "../graph/errors.ts";
import { make, type Node } from "../graph/node.ts";
import { describeOrigin } from "../graph/origin.ts";
import { formatShape, normalAxis, sameShape } from "../graph/shape.ts";
import { Cumulative } from "./cumulative.ts";
import { axisOf } from "./operands.ts";

import type { Tensor } from "./tensor.ts";

/** Operations that read or write at positions, known or computed. */
export abstract class Indexing extends Cumulative {
  /** The entry at one position along `axis`, which disappears. A tensor index (int32 scalar) is looked up when it runs. */
  at(index: number | Tensor, axis = 0): Tensor {
    if (typeof index !== "number") return this.gather(index, axis);
    const a = axisOf("at", this.node, axis);
    const n = this.shape[a];
    const i = index < 0 ? index + n : index;
    if (!(Number.isInteger(i) && i >= 0 && i < n)) {
      throw new PondusError("shape.at", `at: axis ${axis} of ${this.described()} has no entry ${index}.`);
    }
    return this.slice(a, i, i + 1).squeeze(a);
  }
  /** Entries along `axis` at `index` (int32, any shape; clamped to the range): that axis becomes the index's axes. */
  gather(index: Tensor, axis = 0): Tensor {
    const a = axisOf("gather", this.node, axis);
    return this.of(make("gather", [this.node, index.node], { axis: a, ...staysBelow(this.shape[a], index.node) }));
  }
  /**
   * The reverse of `gather`: zeros with `size` entries along `axis`, to which these are added at `index` (int32, any
   * shape; clamped to the range). From `axis` on, this tensor has the index's axes.
   */
  scatterAdd(index: Tensor, size: number, axis = 0): Tensor {
    const a = normalAxis(axis, this.rank - index.rank + 1);
    const span = a === undefined ? [] : this.shape.slice(a, a + index.rank);
    if (a === undefined || !sameShape(span, index.shape)) {
      throw new PondusError(
        "shape.scatter",
        `scatterAdd: the index is ${formatShape(index.shape)}${describeOrigin(index.node.origin)}, but from axis ${axis} ` +
          `the values are ${formatShape(span)} (of ${this.described()}).`,
      );
    }
    return this.of(make("scatter", [index.node, this.node], { axis: a, size, ...staysBelow(size, index.node) }));
  }
}

/** Says so of an index whose numbers are known and lie in [0, size). */
function staysBelow(size: number, index: Node): { inRange?: true } {
  return index.is("data") && index.attrs.data.every((i) => i >= 0 && i < size) ? { inRange: true } : {};
}
