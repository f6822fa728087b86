import type { OpName } from "../../src/graph/node.ts";
import { ops } from "../../src/graph/ops.ts";

/** Where the inputs of an elementwise op may be sampled, as the table states. */
export function domainOf(op: OpName): readonly (readonly [number, number])[] {
  const facts = ops[op];
  if ("domain" in facts) return facts.domain;
  throw new Error(`${op} is not elementwise`);
}
