import { defineSystem } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import * as nn from "../nn/index.ts";

/** Do two proteins interact? A network reads both their embeddings, 50 numbers each, and answers with one logit. */
export default defineSystem({
  name: "proteins",
  title: "Protein-protein interaction",
  summary: "A 100-128-64-1 network on two 50-number embeddings; for weighing, until its data come in a later version.",

  model: () => nn.sequential(nn.dense(100, 128), nn.relu, nn.dense(128, 64), nn.relu, nn.dense(64, 1)),

  train: () => {
    throw new PondusError(
      "system.no-data",
      "proteins cannot be trained yet: its data come in a later version. `pondus weigh proteins` counts its knobs.",
    );
  },
});
