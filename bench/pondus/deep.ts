import { nn } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { layersOf, network } from "./network.ts";
import { training } from "./training.ts";

export function deep(data: CaseData): Promise<Ready> {
  return training(
    () => nn.crossEntropy(network(layersOf(data), nn.relu, data.constant("x")), data.constant("y")),
    1e-3,
  );
}
