import type { Session } from "../../experiment/system.ts";
import type { Parameter } from "../../graph/parameter.ts";
import * as nn from "../../nn/index.ts";
import { initialize } from "../../nn/model.ts";
import * as optim from "../../optim/index.ts";
import { random, stack, tensor } from "../../tensor/index.ts";
import { parameter, weightOf } from "../../tensor/parameter.ts";
import { type Digits, side } from "./digits.ts";
import { moved } from "./moved.ts";
import { type NetworkName, networks } from "./networks.ts";

/** Images in a step. */
const batch = 50;

/**
 * LeCun's all learn alike. The one of today takes smaller steps, and sees each image moved a little, as is usual now. Its
 * layers and the sizes of all steps were chosen on the first 1,000 images by networks that learned from the other 7,000 that
 * are not the test.
 */
const habits = (name: NetworkName) => (name === "Net-6" ? { pace: 0.25, isMoved: true } : { pace: 1, isMoved: false });

/** What came of one network on a number of images: a share of right answers for each seed. */
export interface Accuracies {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Trains a network on the first so many images, for each number in `sizes`, and for each from several first weights. All
 * of one size are trained side by side, by steps of their own on batches of their own, so that one program does for all;
 * how many images it draws from is a number that it reads. The session's own network is the first of them, and at the
 * end holds what it learned from the last size.
 *
 * Every training takes the same steps. The test images are asked once, after it: nothing is chosen by them.
 *
 * @param seeds  how many, from the session's seed on
 */
export async function trainOn(
  session: Session<Record<NetworkName, nn.Layer>, Digits | undefined>,
  name: NetworkName,
  digits: Digits,
  { seeds, sizes }: { seeds: number; sizes: readonly number[] },
): Promise<Map<number, Accuracies>> {
  const { model, seed, steps, learningRate: rate, evaluate } = session;
  const nets = [model[name], ...Array.from({ length: seeds - 1 }, networks[name])];
  const { pace, isMoved } = habits(name);
  const images = tensor(digits.images, { shape: [digits.labels.length, side, side, 1] });
  const labels = tensor(digits.labels);
  const size = parameter([], 0, { name: "images", trainable: false });
  const found = new Map<number, Accuracies>();
  for (const count of sizes) {
    nets.forEach((net, i) => {
      initialize(net, seed + i);
    });
    (weightOf(size) as Parameter).write([count]);
    await session.fit(`${name}-${count}`, {
      loss: ({ key }) => {
        const each = nets.map((net, i) => {
          const own = random.foldIn(key, i);
          const drawn = random.uniform(own, [batch]).mul(size).floor().cast("int32");
          const seen = images.gather(drawn);
          return nn.crossEntropy(net(isMoved ? moved(seen, random.foldIn(own, 0)) : seen), labels.gather(drawn));
        });
        return stack(each).mean();
      },
      optimizer: optim.adam({ learningRate: optim.schedules.cosine({ initial: rate * pace, steps }) }),
      observations: seeds * count,
    });
    const answers = await evaluate(Object.fromEntries(nets.map((net, i) => [i, net(images).argmax()])));
    const right = (from: number, to: number) =>
      nets.map((_, i) => {
        const { data } = answers[i];
        let sum = 0;
        for (let at = from; at < to; at++) sum += Number(data[at] === digits.labels[at]);
        return sum / (to - from);
      });
    found.set(count, { train: right(0, count), test: right(digits.training, digits.labels.length) });
  }
  return found;
}
