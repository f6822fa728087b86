import { scan } from "../../tensor/control.ts";
import { tensor } from "../../tensor/functions.ts";
import { gumbel } from "../../tensor/random/index.ts";
import { keyFor } from "../../tensor/random/key.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { TextModel } from "./text-model.ts";

export interface Writing {
  /** What to go on from, by the alphabet's places; at least one character. */
  readonly prompt: ArrayLike<number>;
  readonly length: number;
  /** Logits are divided by it: near 0 the likeliest character comes, at 1 each as often as the model thinks. */
  readonly temperature: number;
  readonly seed: number;
}

/**
 * What a model of text goes on to write, int32 [length]: one character is drawn, goes in, and so on, in one loop of one
 * program. The same seed writes the same.
 *
 * A character is drawn by Gumbel's trick (Gumbel, Statistical Theory of Extreme Values, 1954): the largest of logits to
 * which Gumbel noise was added falls on each with the chance that their softmax gives it.
 */
export function write({ embedding, lstm, readout }: TextModel, writing: Writing): Tensor {
  const { prompt, length, temperature, seed } = writing;
  const read = lstm.run(embedding(tensor(Int32Array.from(prompt)).unsqueeze(0)));
  const logits = readout(read.output.at(-1, 1)).squeeze(0);
  const noise = gumbel(keyFor(seed, "writing"), [length, logits.size]);
  const { out } = scan(
    { ...read.state, logits },
    (carry, { noise }) => {
      const drawn = carry.logits.div(temperature).add(noise).argmax();
      const { output, state } = lstm.run(embedding(drawn.reshape([1, 1])), { state: carry });
      return { carry: { ...state, logits: readout(output).flatten() }, out: { drawn } };
    },
    { xs: { noise } },
  );
  return out.drawn;
}
