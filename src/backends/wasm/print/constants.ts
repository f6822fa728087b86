import type { Value } from "../../../compiler/ir/loop.ts";
import { isMask, isVector, scalarShape, widthOf } from "../module/types.ts";
import type { FunctionWriter } from "../module/writer.ts";

/**
 * Pushes constants: scalars as immediates, vectors from locals that are set once, before everything else. (An engine
 * builds a vector from immediates in several instructions, and need not move them out of a loop.)
 */
export class Constants {
  readonly #writer: FunctionWriter;
  readonly #locals = new Map<string, number>();

  constructor(writer: FunctionWriter) {
    this.#writer = writer;
  }

  /** All lanes hold `value`. */
  push(to: Pick<Value, "type" | "lanes">, value: number): void {
    const { type, lanes } = to;
    if (isVector(to)) {
      const lane = isMask(type) ? (value ? -1 : 0) : value;
      if (Object.is(lane, 0)) this.#pushZeros();
      else this.#pushVector(`${type} ${Object.is(lane, -0) ? "-0" : lane}`, type, () => Array(lanes).fill(lane));
    } else {
      const shape = scalarShape(type);
      const exact = shape === "i64" ? BigInt.asIntN(64, BigInt(value)) : shape === "i32" ? value | 0 : value;
      this.#writer.emit(`${shape}.const`, exact);
    }
  }

  /** A vector, lane by lane. */
  pushLanes(type: Value["type"], values: readonly number[]): void {
    if (values.every((value) => Object.is(value, 0))) this.#pushZeros();
    else this.#pushVector(`${type} ${values.join()}`, type, () => values);
  }

  #pushZeros(): void {
    this.#writer.emit("v128.const", zeros);
  }

  #pushVector(key: string, type: Value["type"], lanes: () => readonly number[]): void {
    let local = this.#locals.get(key);
    if (local === undefined) {
      const made = this.#writer.fresh("v128");
      this.#writer.atEntry(() => {
        this.#writer.emit("v128.const", vectorBytes(type, lanes()));
        this.#writer.emit("local.set", made);
      });
      this.#locals.set(key, made);
      local = made;
    }
    this.#writer.emit("local.get", local);
  }
}

const zeros = new Uint8Array(16);

function vectorBytes(type: Value["type"], values: readonly number[]): Uint8Array {
  if (type === "float32") return new Uint8Array(Float32Array.from(values).buffer);
  if (type === "float64") return new Uint8Array(Float64Array.from(values).buffer);
  if (widthOf(type) === 4) return new Uint8Array(Int32Array.from(values).buffer);
  return new Uint8Array(BigInt64Array.from(values, (v) => BigInt(v)).buffer);
}
