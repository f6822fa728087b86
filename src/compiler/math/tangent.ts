import type { Builder } from "../ir/builder.ts";
import type { Value } from "../ir/loop.ts";
import { cos, sin } from "./sine.ts";

export function tan(b: Builder, x: Value): Value {
  return b.op("div", sin(b, x), cos(b, x));
}
