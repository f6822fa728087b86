import { numbersIn, typedNumbers } from "../experiment/data/typed-numbers.ts";
import type { Metrics } from "../experiment/metrics.ts";
import { defineSystem } from "../experiment/system.ts";
import { PondusError } from "../graph/errors.ts";
import type { ByForm } from "./sequence/forms.ts";
import { type LazySeries, maunaLoa, readSeries } from "./sequence/series.ts";
import { type SeriesModel, seriesModels } from "./sequence/series-model.ts";
import { continueSeries, learnSeries } from "./sequence/series-task.ts";
import { factbook, readText, type Text, textWindow } from "./sequence/text.ts";
import { type TextModel, textModels, textSizes } from "./sequence/text-model.ts";
import { continueTexts, learnText } from "./sequence/text-task.ts";

/** What there is to learn from: the page's own text and series, or one file of the user's. */
export interface Sequences {
  readonly text?: Text;
  readonly series?: LazySeries;
}

type SequenceModel = { readonly text?: ByForm<TextModel>; readonly series?: ByForm<SeriesModel> };

/**
 * An LSTM (Hochreiter & Schmidhuber, Neural Comput. 9, 1735, 1997) has four gates with weights of their own. Here they are
 * held against forms in which gates share theirs: input and forget gate alike, forget = 1 - input, and one set of
 * weights for all four. All have the same size, and learn the next character of a text and the next value of a series.
 *
 * The text is what The World Factbook says of the past and the economy of 261 countries and seas; its last tenth is held
 * out. The series is carbon dioxide at Mauna Loa, monthly; its last fifth is held out. Nothing is chosen by what is held
 * out: losses are those after the last step.
 */
export default defineSystem<SequenceModel, Sequences>({
  name: "sequence",
  title: "Gates that share weights",
  summary:
    "An LSTM and three forms of it with tied gates learn the next character of a text and the next month's CO2 at Mauna Loa.",
  data: { text: factbook, series: maunaLoa },
  read: (table, columns) => {
    const series = readSeries(table, columns);
    return { series: () => series };
  },
  readText: (text, name) => ({ text: readText(text, name) }),
  settings: { steps: 1500, learningRate: 1e-2 },
  quick: { steps: 80 },

  model: ({ text, series }) => ({
    ...(text && { text: textModels(text.alphabet.length) }),
    ...(series && { series: seriesModels() }),
  }),

  network({ text, series }) {
    if (!text) return { input: [textWindow, 1], apply: (x) => (series as ByForm<SeriesModel>).untied.lstm(x) };
    const { lstm, readout } = text.untied;
    return { input: [textWindow, textSizes.vector], apply: (x) => readout(lstm(x)) };
  },

  async train(session) {
    const { model, data } = session;
    // Both are read before the first is learned: what is missing is to be said at once.
    const series = data.series?.();
    data.text?.codes();
    const text = model.text && data.text && (await learnText(session, model.text, data.text));
    const forecasts = model.series && series && (await learnSeries(session, model.series, series));
    return {
      metrics: { ...(text && { text: text.metrics }), ...(forecasts && { series: forecasts.metrics }) },
      plots: [...(text?.plots ?? []), ...(forecasts?.plots ?? [])],
      tables: [...(text?.tables ?? []), ...(forecasts?.tables ?? [])],
      samples: text?.samples,
    };
  },

  answer({ model, data, metrics, evaluate }, inputs) {
    const onSeries = (numbers: number[][]) =>
      continueSeries(evaluate, model.series as ByForm<SeriesModel>, metrics.series as Metrics, numbers);
    const onTexts = (known: Text) => continueTexts(evaluate, model.text as ByForm<TextModel>, known, inputs);
    if (!data.text) return onSeries(inputs.map(typedNumbers));
    if (!data.series) return onTexts(data.text);
    const numbers = inputs.flatMap((input) => {
      const values = numbersIn(input);
      return values ? [values] : [];
    });
    if (numbers.length === 0) return onTexts(data.text);
    if (numbers.length === inputs.length) return onSeries(numbers);
    throw new PondusError(
      "predict.input",
      "predict: numbers are for the series and words for the text; ask one of the two at a time.",
    );
  },
});
