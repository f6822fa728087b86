import type { DType, TypedArray } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import type { Nested } from "../graph/nested.ts";
import { formatShape, type Shape } from "../graph/shape.ts";

/** Numbers that a program returned: a plain copy, row-major. */
export class NumberArray {
  readonly data: TypedArray;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(data: TypedArray, shape: Shape, dtype: DType) {
    this.data = data;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** The only number. Throws `array.item` when there are several. */
  item(): number {
    if (this.data.length !== 1) {
      throw new PondusError(
        "array.item",
        `item: ${formatShape(this.shape)} holds ${this.data.length} numbers, not one.`,
      );
    }
    return this.data[0];
  }

  /** The numbers as nested lists. */
  toList(): Nested {
    const nest = (axis: number, offset: number, stride: number): Nested => {
      if (axis === this.shape.length) return this.data[offset];
      const inner = stride / this.shape[axis];
      return Array.from({ length: this.shape[axis] }, (_, i) => nest(axis + 1, offset + i * inner, inner));
    };
    return nest(0, 0, this.data.length);
  }
}
