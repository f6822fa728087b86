import { nn } from "pondus";
import type { Ready } from "../protocol/serve.ts";
import type { CaseData } from "./data.ts";
import { training } from "./training.ts";

/** Images have channels last, so an image is flattened in the order of the data's `w0`. */
export function cnn(data: CaseData): Promise<Ready> {
  const first = (weight: string, bias: string) => ({ init: data.initial(weight), biasInit: data.initial(bias) });
  return training(() => {
    const net = nn.sequential(
      nn.conv2d(1, 6, 5, { padding: 2, ...first("kernel0", "bias0") }),
      nn.relu,
      nn.maxPool2d(2),
      nn.conv2d(6, 16, 5, first("kernel1", "bias1")),
      nn.relu,
      nn.maxPool2d(2),
      nn.flatten,
      nn.dense(400, 120, first("w0", "b0")),
      nn.relu,
      nn.dense(120, 84, first("w1", "b1")),
      nn.relu,
      nn.dense(84, 10, first("w2", "b2")),
    );
    return nn.crossEntropy(net(data.constant("x")), data.constant("y"));
  }, 1e-3);
}
