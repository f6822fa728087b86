import { faster } from "../goals.ts";
import { Random } from "../random.ts";
import type { Case } from "./case.ts";
import { convolution, dense, he, multiplications, oneHot, uniform } from "./tensors.ts";

const batch = 64;
/** Places in the output of each convolution, [outputs, inputs, size] of its kernel, and the dense layers after them. */
const [first, second] = [28 * 28, 10 * 10];
const kernels = [
  [6, 1, 5],
  [16, 6, 5],
] as const;
const widths = [5 * 5 * 16, 120, 84, 10];

const [one, two] = kernels.map(([outputs, inputs, size]) => outputs * inputs * size * size);
const forward = first * one + second * two + multiplications(widths);
/** As many again for the gradients of the weights, and for those of the inputs of every layer but the first. */
const flops = 2 * batch * (3 * forward - first * one);

/**
 * A convolutional network after LeNet-5 (LeCun, Bottou, Bengio & Haffner, Proc. IEEE 86(11), 1998).
 *
 * `x` has channels last, of which there is one; `kernel0`, `kernel1` are [outputs, inputs, height, width]. The rows of
 * `w0` stand in the order in which an image with channels last is flattened: height, width, channel. A program with
 * another order turns the weights over before it begins.
 */
export const cnn: Case = {
  name: "cnn",
  title: "training step of a LeNet on 28x28 images, batch 64, cross entropy, Adam",
  variants: [
    {
      name: "step",
      sizes: {},
      work: { amount: flops, unit: "flop", ceiling: "fma-f32" },
      goals: [faster("native", 1.2, "pytorch"), faster("native", 5, "tfjs")],
    },
  ],
  data: () => {
    const random = new Random("cnn");
    return {
      x: uniform(random, [batch, 28, 28, 1], 0, 1),
      y: oneHot(random, batch, 10),
      ...convolution(random, 0, kernels[0], he),
      ...convolution(random, 1, kernels[1], he),
      ...dense(random, widths, he),
    };
  },
};
