import type { Metrics } from "../../experiment/metrics.ts";
import type { Plot } from "../../experiment/report/plot.ts";
import { meanOf } from "../../experiment/spread.ts";
import type { Session } from "../../experiment/system.ts";
import { initialize, type Model } from "../../nn/model.ts";
import type { FitResult } from "../../optim/training/loop.ts";
import { type ByForm, type Form, forms, type Lstm } from "./forms.ts";

/** What of a session the tasks use. */
export type Learner = Pick<Session, "seed" | "steps" | "learningRate" | "quick" | "fit" | "evaluate">;

/** What a form came to: a training for each seed, the session's own first. */
export type Trainings = readonly FitResult[];

/**
 * Trains every form from several first weights, the session's own last, so that these are the weights that stay.
 *
 * @param task   the first part of the fits' names
 * @param seeds  how many: the session's, and those that follow it
 * @param learn  trains a form under a name
 */
export async function trainForms<T extends Model>(
  session: Learner,
  task: string,
  models: ByForm<T>,
  seeds: number,
  learn: (name: string, model: T, seed: number) => Promise<FitResult>,
): Promise<ByForm<Trainings>> {
  const done: Partial<Record<Form, Trainings>> = {};
  for (const form of forms) {
    const results: FitResult[] = [];
    for (let more = seeds - 1; more >= 0; more--) {
      const seed = session.seed + more;
      initialize(models[form], seed);
      results.unshift(await learn(`${task}-${form}${more > 0 ? `-seed-${seed}` : ""}`, models[form], seed));
    }
    done[form] = results;
  }
  return done as ByForm<Trainings>;
}

/**
 * The figures of each form: its knobs, the LSTM's own among them and as a share of the untied one's; the losses in
 * the end and the gap between them, as means over the seeds; how far apart these end (`spread`); milliseconds to a step, of the
 * seed that was least disturbed.
 *
 * @param more  what else is to be said of a validation loss
 */
export function formFigures(
  trainings: ByForm<Trainings>,
  models: ByForm<{ readonly lstm: Lstm }>,
  more: (validation: number) => Metrics,
): Record<string, Metrics> {
  const own = (form: Form) => Object.values(models[form].lstm.parameters).reduce((sum, weight) => sum + weight.size, 0);
  const figures = forms.map((form): [string, Metrics] => {
    const results = trainings[form];
    const ends = results.map(keptRecord);
    const [train, validation] = [ends.map((e) => e.train as number), ends.map((e) => e.validation as number)];
    // Of a training that was finished before a resume, the time is not known.
    const paces = results.filter((r) => r.stepping > 0).map((r) => (1000 * r.stepping) / r.steps);
    return [
      form,
      {
        knobs: results[0].knobs,
        lstm: own(form),
        share: own(form) / own("untied"),
        train: meanOf(train),
        validation: meanOf(validation),
        gap: meanOf(validation) - meanOf(train),
        ...(results.length > 1 && { spread: Math.max(...validation) - Math.min(...validation) }),
        ...more(meanOf(validation)),
        ...(paces.length > 0 && { milliseconds: Math.min(...paces) }),
      },
    ];
  });
  return Object.fromEntries(figures);
}

/** The record of the weights that a training left: the last, or with `--patience` the best. */
function keptRecord({ history, restored, bestStep }: FitResult) {
  const best = restored ? history.find((record) => record.step === bestStep) : undefined;
  return best ?? history[history.length - 1];
}

/** Headings of these figures. */
export const formColumns = {
  knobs: "knobs",
  lstm: "LSTM's",
  share: "share",
  train: "train",
  validation: "validation",
  gap: "gap",
  spread: "spread",
} as const;

/** The validation loss of the session's own seed on its way. */
export function plotForms(title: string, label: string, trainings: ByForm<Trainings>): Plot {
  return {
    title,
    x: { label: "step" },
    y: { label },
    series: forms.map((form) => {
      const { history } = trainings[form][0];
      return { name: form, kind: "line", x: history.map((r) => r.step), y: history.map((r) => r.validation as number) };
    }),
  };
}
