import { PondusError } from "../graph/errors.ts";
import { describeOrigin, labelled } from "../graph/origin.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { asLayer, type Layer, layer } from "./layer.ts";
import { nameParameters } from "./model.ts";

/**
 * A layer beside a way around it (He et al., CVPR 2016): inner(x) + x, or inner(x) + shortcut(x) where the inside changes
 * the shape. Parameters are named by place: "inner.weight", "shortcut.weight".
 *
 * @param inner     a layer, or a plain function, which becomes a layer without knobs
 * @param shortcut  what goes around it (default: x as it is)
 * @throws when called, `residual.shape` when the two results differ in shape
 */
export function residual(inner: Part, shortcut?: Part): Layer {
  const inside = asLayer(inner);
  const around = shortcut && asLayer(shortcut);
  const name = `residual(${inside.name}${around ? `, ${around.name}` : ""})`;
  const call = (x: Tensor) => {
    const y = labelled("inner", () => inside(x));
    const z = around ? labelled("shortcut", () => around(x)) : x;
    if (!sameShape(y.shape, z.shape)) {
      const other = around ? "the shortcut" : "what came in";
      const mend = around ? "" : ", or give a shortcut that maps one to the other, such as nn.dense";
      throw new PondusError(
        "residual.shape",
        `${name}: the inside gives ${formatShape(y.shape)}${describeOrigin(y.node.origin)}, but ${other} is ` +
          `${formatShape(z.shape)}; make the shapes equal${mend}.`,
      );
    }
    return labelled(name, () => y.add(z));
  };
  const made = layer("residual", call, {
    name,
    children: { inner: inside, ...(around && { shortcut: around }) },
    takes: inside.takes,
  });
  nameParameters(made);
  return made;
}

type Part = Layer | ((x: Tensor) => Tensor);
