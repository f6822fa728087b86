import * as nn from "../../nn/index.ts";
import { arange, tensor } from "../../tensor/functions.ts";
import { integers } from "../../tensor/random/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ByForm, everyForm, type Lstm } from "./forms.ts";

/** A model of the next change: an LSTM over the changes so far, and a weighted sum of what it carries. */
export type SeriesModel = { readonly lstm: Lstm; readonly readout: nn.Layer };

/** Numbers that the LSTM carries. */
export const seriesHidden = 16;

/** A model in each form. */
export function seriesModels(): ByForm<SeriesModel> {
  return everyForm(1, seriesHidden, (lstm) => ({ lstm, readout: nn.dense(seriesHidden, 1) }));
}

/** After every change the one that should come next: [windows, time] from [windows, time]. */
export function nextChanges({ lstm, readout }: SeriesModel, changes: Tensor): Tensor {
  return readout(lstm(changes.unsqueeze(-1))).squeeze(-1);
}

/** Windows of a series of changes, each with the change that follows: [windows, window + 1], from these places on. */
export function windowsAt(changes: Tensor, window: number, places: Tensor): Tensor {
  return changes.gather(places.unsqueeze(1).add(arange(window + 1).unsqueeze(0)));
}

/** Places for windows drawn by chance, int32 [windows], such that the change that follows is among the first `train`. */
export function drawnWindows(window: number, train: number, windows: number, key: Tensor): Tensor {
  return integers(key, [windows], train - window);
}

/** Places of all the windows whose following change is `from` to `to`, the latter not among them. */
export function windowsBefore(window: number, from: number, to: number): Tensor {
  return tensor(Int32Array.from({ length: to - from }, (_, i) => from + i - window));
}

/** Squared error at every step of such windows, in which the model comes to know the series. */
export function lossOnTheWay(model: SeriesModel, windows: Tensor): Tensor {
  const [, longer] = windows.shape;
  return nn.mse(nextChanges(model, windows.slice(0, longer - 1, 1)), windows.slice(1, undefined, 1));
}

/** What a model that has seen a whole window says of the change that follows, [windows]. */
export function forecastAfter(model: SeriesModel, windows: Tensor): Tensor {
  const [, longer] = windows.shape;
  return nextChanges(model, windows.slice(0, longer - 1, 1)).at(-1, 1);
}
