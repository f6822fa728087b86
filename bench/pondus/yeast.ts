import { nn, ode } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { layersOf, network } from "./network.ts";
import { training } from "./training.ts";

export function yeast(data: CaseData): Promise<Ready> {
  return training(() => {
    const layers = layersOf(data);
    const values = data.constant("values");
    const path = ode.solve(
      (n) => network(layers, nn.tanh, n.unsqueeze(0)).squeeze(0),
      values.at(0),
      data.constant("times"),
      {
        method: ode.rk4,
        substeps: 10,
      },
    );
    return nn.mse(path, values);
  }, 1e-2);
}
