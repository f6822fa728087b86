import type { DType } from "../graph/dtype.ts";
import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import type { Initializer } from "../graph/parameter.ts";
import { formatShape } from "../graph/shape.ts";
import { parameter } from "../tensor/parameter.ts";
import { where } from "../tensor/tensor.ts";
import { normal } from "./initializers.ts";
import { type Layer, layer } from "./layer.ts";

/**
 * A vector for each of `count` things, looked up: int32 [...] to [..., width]. Its weight, [count, width], has a row for
 * each thing. A number that names none of them (below 0, or from `count` on) gives NaN, not the vector of another.
 *
 * @param count          how many things there are
 * @param width          the length of a vector
 * @param options.init   first value of the weight (default: standard normal)
 * @param options.dtype  float32 (default) or float64
 * @throws `layer.size` unless both sizes are whole numbers from 1; when called, `layer.input` unless int32 comes
 */
export function embedding(count: number, width: number, options: { init?: Initializer; dtype?: DType } = {}): Layer {
  const name = `embedding(${count}, ${width})`;
  if (![count, width].every((n) => Number.isInteger(n) && n > 0)) {
    throw new PondusError("layer.size", `${name}: both sizes must be whole numbers from 1.`);
  }
  const { init = normal(), dtype } = options;
  return labelled(name, () => {
    const weight = parameter([count, width], init, { name: `${name}.weight`, dtype });
    return layer(
      "embedding",
      (x) => {
        if (x.dtype !== "int32") {
          throw new PondusError(
            "layer.input",
            `${name} looks vectors up by whole numbers, int32, but ${x.dtype} ${formatShape(x.shape)} came` +
              `${describeOrigin(x.node.origin)}; give the input { shape, dtype: "int32" }, or cast it: x.cast("int32").`,
          );
        }
        return labelled(name, () => {
          const known = x.ge(0).and(x.lt(count)).unsqueeze(-1);
          return where(known, weight.gather(x), Number.NaN);
        });
      },
      { name, parameters: { weight } },
    );
  });
}
