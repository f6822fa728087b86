import { PondusError } from "../../graph/errors.ts";
import { make } from "../../graph/make.ts";
import type { Node } from "../../graph/node.ts";
import { describeOrigin } from "../../graph/origin.ts";
import { formatShape, type Shape } from "../../graph/shape.ts";
import { axisOf } from "../operands.ts";

/** Nodes joined along an existing axis: each padded to the size of all, and added up. */
export function concatNodes(parts: readonly Node[], axis: number): Node {
  const [first] = parts;
  if (!first) throw new PondusError("shape.concat", "concat: at least one tensor is needed.");
  const a = axisOf("concat", first, axis);
  const others = (s: Shape) => formatShape(s.filter((_, i) => i !== a));
  for (const x of parts) {
    if (x.shape.length !== first.shape.length || x.dtype !== first.dtype || others(x.shape) !== others(first.shape)) {
      const describe = (y: Node) => `${y.dtype} ${formatShape(y.shape)}${describeOrigin(y.origin)}`;
      throw new PondusError(
        "shape.concat",
        `concat along axis ${axis}: ${describe(x)} does not fit beside ${describe(first)}; ` +
          "types and all other sizes must be equal.",
      );
    }
  }
  const total = parts.reduce((n, x) => n + x.shape[a], 0);
  let from = 0;
  const pieces = parts.map((x) => {
    const [before, after] = [from, total - from - x.shape[a]];
    from += x.shape[a];
    if (before === 0 && after === 0) return x;
    const only = (n: number) => x.shape.map((_, i) => (i === a ? n : 0));
    return make("pad", [x], { before: only(before), after: only(after) });
  });
  return pieces.reduce((sum, x) => make(x.dtype === "bool" ? "or" : "add", [sum, x], {}));
}
