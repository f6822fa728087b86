import { scan } from "../../tensor/control.ts";
import { tensor } from "../../tensor/functions.ts";
import { key, uniform } from "../../tensor/random.ts";
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
 * which -ln(-ln u) was added falls on each with the chance that their softmax gives it.
 */
export function write({ embedding, lstm, readout }: TextModel, writing: Writing): Tensor {
  const { prompt, length, temperature, seed } = writing;
  const read = lstm.run(embedding(tensor(Int32Array.from(prompt)).unsqueeze(0)));
  const logits = readout(read.output.at(-1, 1)).squeeze(0);
  // Never 0 or 1, of which the logarithms are no numbers to add.
  const chance = uniform(key(seed), [length, logits.size]).clip(1e-7, 1 - 1e-7);
  const { out } = scan(
    { ...read.state, logits },
    (carry, { chance }) => {
      const drawn = carry.logits.div(temperature).sub(chance.log().neg().log()).argmax();
      const { output, state } = lstm.run(embedding(drawn.reshape([1, 1])), { state: carry });
      return { carry: { ...state, logits: readout(output).flatten() }, out: { drawn } };
    },
    { xs: { chance } },
  );
  return out.drawn;
}
