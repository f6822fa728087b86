import type { MetricTable } from "../../experiment/metric-table.ts";
import type { Metrics } from "../../experiment/metrics.ts";
import type { Outcome, Trained } from "../../experiment/system.ts";
import { PondusError } from "../../graph/errors.ts";
import * as optim from "../../optim/index.ts";
import { tensor } from "../../tensor/functions.ts";
import { foldIn } from "../../tensor/random/index.ts";
import { formColumns, formFigures, type Learner, plotForms, trainForms } from "./compared.ts";
import { countingLoss, countText, sizeOf } from "./counting.ts";
import { type ByForm, type Form, forms } from "./forms.ts";
import { decode, encode, plainText, shown, type Text } from "./text.ts";
import { drawnPlaces, evenPlaces, partsOf, type TextModel, textLosses } from "./text-model.ts";
import { write } from "./writing.ts";

/** Windows that a step learns from. */
const batch = 16;

/** How many characters the models that only count look back. */
const orders = [0, 1, 3, 5];

/** Characters of the held-out part that samples go on from, at most, and characters of a sample. */
const promptLength = 40;
const sampleLength = 280;

/** Between the likeliest character each time and a draw by the model's own chances. */
const temperature = 0.7;

const table: MetricTable = {
  title: "Text: cross entropy, nats to a character",
  of: "text.compared",
  heading: "form",
  columns: { ...formColumns, bits: "bits", milliseconds: "ms a step" },
};

/** Trains every form on a text, beside models that count, and lets each write. */
export async function learnText(session: Learner, models: ByForm<TextModel>, text: Text): Promise<Required<Outcome>> {
  const all = text.codes();
  const codes = tensor(all);
  const parts = partsOf(all.length);
  const { steps, learningRate: rate, quick } = session;
  // Windows that a record judges by, of the part to learn from and of the one held out.
  const judged = quick ? 64 : 256;
  const places = { train: evenPlaces(parts.train, judged), validation: evenPlaces(parts.validation, judged) };
  const known = places.train.length;
  const trainings = await trainForms(session, "text", models, quick ? 1 : 2, (name, model, seed) => {
    // Both parts in one pass: it is one program less to compile.
    const losses = textLosses(model, codes, tensor(Int32Array.of(...places.train, ...places.validation)));
    return session.fit(name, {
      // The keys are the session's: another seed is to see other windows too.
      loss: ({ key }) => textLosses(model, codes, drawnPlaces(parts.train, batch, foldIn(key, seed))).mean(),
      validation: { loss: losses.slice(known).mean(), train: losses.slice(0, known).mean() },
      optimizer: optim.adam({
        learningRate: optim.schedules.cosine({ initial: rate, steps }),
        clip: optim.clipByGlobalNorm(1),
      }),
      observations: parts.train.to - parts.train.from,
      recordEvery: Math.ceil(steps / (quick ? 4 : 10)),
    });
  });
  const inBits = (nats: number): Metrics => ({ bits: nats / Math.LN2 });
  const allCounts = countText(all, text.alphabet.length, parts.train, Math.max(...orders));
  const counted = orders.map((order): [string, Metrics] => {
    const counts = allCounts.slice(0, order + 1);
    const loss = (at: readonly number[]) => countingLoss(counts, all, text.alphabet.length, at);
    const [train, validation] = [loss(places.train), loss(places.validation)];
    const figures = { knobs: sizeOf(counts), train, validation, gap: validation - train, ...inBits(validation) };
    return [`counted after ${order}`, figures];
  });
  const prompt = promptIn(all.subarray(parts.validation.from), text.alphabet);
  const written = await session.evaluate(
    Object.fromEntries(
      forms.map((form) => [
        form,
        write(models[form], { prompt, length: sampleLength, temperature, seed: session.seed }),
      ]),
    ),
  );
  return {
    metrics: {
      characters: all.length,
      heldOut: parts.validation.to - parts.validation.from,
      alphabet: text.alphabet.length,
      compared: { ...formFigures(trainings, models, inBits), ...Object.fromEntries(counted) },
    },
    plots: [plotForms("Text: validation", "nats to a character", trainings)],
    tables: [table],
    samples: forms.map((form) => ({
      title: `Text, ${form} (temperature ${temperature}), going on from: ${decode(prompt, text.alphabet).trim()}`,
      text: decode(written[form].data, text.alphabet),
    })),
  };
}

/** The beginning of the first line that begins in what is held out, whole words of it if there are spaces. */
function promptIn(heldOut: Int32Array, alphabet: readonly string[]): Int32Array {
  const line = heldOut.indexOf(alphabet.indexOf("\n")) + 1;
  const start = line + promptLength < heldOut.length ? line : 0;
  const prompt = heldOut.subarray(start, start + promptLength);
  const words = prompt.lastIndexOf(alphabet.indexOf(" ")) + 1;
  return words > 0 ? prompt.subarray(0, words) : prompt;
}

/** Characters of an answer. */
const answerLength = 200;

/** The form that answers. */
const answering: Form = "untied";

/**
 * How a model goes on from texts.
 *
 * @throws `predict.input` for one that the model has never seen, `predict.input`
 */
export async function continueTexts(
  evaluate: Trained["evaluate"],
  models: ByForm<TextModel>,
  { alphabet }: Pick<Text, "alphabet">,
  texts: readonly string[],
): Promise<Record<string, string[]>> {
  const prompts = texts.map((text) => promptOf(text, alphabet));
  const written = await evaluate(
    Object.fromEntries(
      prompts.map((prompt, i) => [
        `text${i}`,
        write(models[answering], { prompt, length: answerLength, temperature, seed: i }),
      ]),
    ),
  );
  return { text: [...texts], "goes on": texts.map((_, i) => decode(written[`text${i}`].data, alphabet)) };
}

function promptOf(text: string, alphabet: readonly string[]): Int32Array {
  const characters = Array.from(plainText(text));
  if (characters.length === 0) {
    throw new PondusError("predict.input", "predict: a text to go on from is needed, and nothing came.");
  }
  const codes = encode(characters, alphabet);
  const strange = codes.indexOf(-1);
  if (strange < 0) return codes;
  const known = alphabet.map((c) => (/\s/.test(c) ? shown(c) : c)).join(" ");
  throw new PondusError(
    "predict.input",
    `predict: ${shown(characters[strange])}, character ${strange + 1} of ${shown(text)}, is none that the model has seen; ` +
      `the ${alphabet.length} that it knows are: ${known}`,
  );
}
