import * as nn from "../../nn/index.ts";
import { parameter } from "../../tensor/parameter.ts";
import { side } from "./digits.ts";

/**
 * The networks of LeCun, "Generalization and network design strategies" (in Connectionism in Perspective, Elsevier 1989), as
 * far as they are known from there: layers, sizes and numbers of connections are his. Each takes images [batch, 16, 16, 1]
 * and gives ten logits; hidden units are tanh. From net to net less is free: the first two know nothing of images, the third
 * sees patches, the fourth and the fifth see them with shared kernels. What is shared is the kernel alone: every unit keeps
 * a bias of its own. Beyond the edge of an image lies 0.
 *
 * Net-6 is not his: a larger convolutional network as they are made today.
 */
export const networks = {
  "Net-1": () => nn.sequential(nn.flatten, nn.dense(side ** 2, 10)),
  "Net-2": () => nn.sequential(nn.flatten, nn.dense(side ** 2, 12), nn.tanh, nn.dense(12, 10)),
  "Net-3": () =>
    nn.sequential(
      nn.local2d(16, 1, 1, 3, first),
      nn.tanh,
      nn.local2d(8, 1, 1, 5, second),
      nn.tanh,
      nn.flatten,
      nn.dense(16, 10),
    ),
  "Net-4": () =>
    nn.sequential(
      nn.conv2d(1, 2, 3, { ...first, bias: false }),
      biases(8, 8, 2),
      nn.tanh,
      nn.local2d(8, 2, 1, 5, second),
      nn.tanh,
      nn.flatten,
      nn.dense(16, 10),
    ),
  "Net-5": () =>
    nn.sequential(
      nn.conv2d(1, 2, 3, { ...first, bias: false }),
      biases(8, 8, 2),
      nn.tanh,
      nn.conv2d(2, 4, 5, { ...second, bias: false }),
      biases(4, 4, 4),
      nn.tanh,
      nn.flatten,
      nn.dense(64, 10),
    ),
  "Net-6": () =>
    nn.sequential(
      nn.conv2d(1, 16, 5, { bias: false }),
      nn.batchNorm(16),
      nn.relu,
      nn.maxPool2d(2),
      nn.conv2d(16, 32, 3, { bias: false }),
      nn.batchNorm(32),
      nn.relu,
      nn.conv2d(32, 64, 3, { bias: false }),
      nn.batchNorm(64),
      nn.relu,
      nn.flatten,
      nn.dropout(0.2),
      nn.dense(256, 10),
    ),
} as const satisfies Record<string, () => nn.Layer>;

export type NetworkName = keyof typeof networks;
export const networkNames = Object.keys(networks) as NetworkName[];

/** From 16 x 16 to 8 x 8, and from there to 4 x 4: patches begin every two pixels, and the outermost hang over the edge. */
const first = { stride: 2, padding: 1 } as const;
const second = { stride: 2, padding: 2 } as const;

/** A bias for each unit, where a convolution would have one for each map. */
function biases(...shape: number[]): nn.Layer {
  const bias = parameter(shape, nn.init.zeros, { name: "bias" });
  return nn.layer("biases", (x) => x.add(bias), { name: `biases(${shape.join(", ")})`, parameters: { bias } });
}

/** What LeCun's paper says of each: connections, free parameters, and the share of 160 test images that were right. */
export const published = {
  "Net-1": { connections: 2570, knobs: 2570, test: 0.8 },
  "Net-2": { connections: 3240, knobs: 3240, test: 0.87 },
  "Net-3": { connections: 1226, knobs: 1226, test: 0.885 },
  "Net-4": { connections: 2266, knobs: 1132, test: 0.94 },
  "Net-5": { connections: 5194, knobs: 1060, test: 0.984 },
} as const satisfies Partial<Record<NetworkName, unknown>>;
