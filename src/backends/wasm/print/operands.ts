import type { Value } from "../../../compiler/ir/loop.ts";
import type { Features } from "../module/features.ts";
import type { FunctionWriter } from "../module/writer.ts";

/** What an operation may ask for while it is printed. */
export interface Operands {
  readonly writer: FunctionWriter;
  readonly has: Features;
  /** Pushes an operand; once for each time that it stands in the operation's arguments. */
  push(value: Value): void;
  /** Pushes a constant that fills all lanes. */
  pushConstant(to: Pick<Value, "type" | "lanes">, value: number): void;
  /** The number that an operand always holds, if it does. */
  constantOf(value: Value): number | undefined;
}
