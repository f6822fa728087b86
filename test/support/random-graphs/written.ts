import { type DType, type Shape, type Tensor, tensor } from "pondus";
import { formatShape } from "../../../src/graph/shape.ts";

/** A tensor together with the code that makes it, and a bound on the size of its elements. */
export class Written {
  readonly tensor: Tensor;
  readonly text: string;
  readonly bound: number;

  constructor(value: Tensor, text: string, bound: number) {
    this.tensor = value;
    this.text = text;
    this.bound = bound;
  }

  get shape(): Shape {
    return this.tensor.shape;
  }

  /** The result of a method, whose elements are at most `bound` (as large as this one's when not given). */
  call(method: string, args: readonly Argument[] = [], bound = this.bound): Written {
    const plain = args.map((a) => (a instanceof Written ? a.tensor : a));
    const f = this.tensor[method as "add"] as unknown as (...args: unknown[]) => Tensor;
    return new Written(f.apply(this.tensor, plain), `${this.text}.${method}(${args.map(show).join(", ")})`, bound);
  }
}

export type Argument =
  | Written
  | number
  | boolean
  | string
  | readonly number[]
  | { readonly [option: string]: number | boolean | string };

function show(a: Argument): string {
  return a instanceof Written ? a.text : JSON.stringify(a);
}

/** Literal int32 numbers: positions for gather and scatter. */
export function positions(values: readonly number[]): Written {
  return new Written(tensor(values, { dtype: "int32" }), `tensor([${values}], { dtype: "int32" })`, Infinity);
}

export const describeInput = (name: string, shape: Shape, dtype: DType, values: readonly number[]) =>
  `const ${name} = tensor([${values}], { shape: ${formatShape(shape)}, dtype: "${dtype}" });`;
