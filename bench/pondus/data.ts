import { type DType, parameter, type Tensor, tensor } from "pondus";
import { readSafetensors, type StoredTensor } from "pondus/io";

/** The numbers of a case, as constants or as parameters that start from them. */
export class CaseData {
  readonly #tensors: Readonly<Record<string, StoredTensor>>;

  constructor(file: string) {
    this.#tensors = readSafetensors(file).tensors;
  }

  has(name: string): boolean {
    return name in this.#tensors;
  }

  array(name: string): Float32Array {
    return this.#of(name).data as Float32Array;
  }

  constant(name: string, dtype: DType = "float32"): Tensor {
    const { data, shape } = this.#of(name);
    return tensor(data, { shape, dtype });
  }

  /** The first value of a parameter of this name's shape. */
  initial(name: string): () => (index: number) => number {
    const { data } = this.#of(name);
    return () => (i) => data[i];
  }

  parameter(name: string, dtype: DType = "float32"): Tensor {
    return parameter(this.shape(name), this.initial(name), { name, dtype });
  }

  /** A parameter that is zero at first. */
  slot(name: string, shape: readonly number[], dtype: DType = "float32"): Tensor {
    return parameter(shape, 0, { name, dtype, trainable: false });
  }

  shape(name: string): readonly number[] {
    return this.#of(name).shape;
  }

  #of(name: string): StoredTensor {
    const found = this.#tensors[name];
    if (!found) throw new Error(`the data have no ${name}`);
    return found;
  }
}
