import * as nn from "../../nn/index.ts";
import { arange } from "../../tensor/functions.ts";
import { integers } from "../../tensor/random/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ByForm, everyForm, type Lstm } from "./forms.ts";
import { heldOut, textWindow } from "./text.ts";

/** A model of the next character: a vector for each character, an LSTM, and a logit for each character to come. */
export type TextModel = { readonly embedding: nn.Layer; readonly lstm: Lstm; readonly readout: nn.Layer };

/** Numbers that stand for a character, and that the LSTM carries. */
export const textSizes = { vector: 32, hidden: 128 };

/** A model in each form, for an alphabet of so many characters. */
export function textModels(characters: number): ByForm<TextModel> {
  const { vector, hidden } = textSizes;
  return everyForm(vector, hidden, (lstm) => ({
    embedding: nn.embedding(characters, vector),
    lstm,
    readout: nn.dense(hidden, characters),
  }));
}

/** Which part of a text is to learn from, and which is held out: the end of it. */
export function partsOf(length: number): Readonly<Record<"train" | "validation", Part>> {
  const border = length - Math.floor(length / heldOut);
  return { train: { from: 0, to: border }, validation: { from: border, to: length } };
}

/** Characters `from` to `to`, the latter not among them. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** Where windows may begin that lie in a part with the character that follows them: the first of so many places. */
const placesIn = ({ from, to }: Part) => ({ first: from, count: to - from - textWindow });

/** The places of windows at even distances, from end to end; fewer where that covers the part already. */
export function evenPlaces(part: Part, most: number): number[] {
  const { first, count } = placesIn(part);
  const windows = Math.min(most, Math.ceil((count - 1) / textWindow) + 1);
  return Array.from({ length: windows }, (_, i) => first + Math.floor((i * (count - 1)) / Math.max(1, windows - 1)));
}

/** The same drawn by chance, int32 [windows]. */
export function drawnPlaces(part: Part, windows: number, key: Tensor): Tensor {
  const { first, count } = placesIn(part);
  return integers(key, [windows], count).add(first);
}

/**
 * Cross entropy of every character that follows one in these windows, nats, [windows, window]. The model comes to each
 * window without a memory.
 *
 * @param codes   the text, int32 [length]
 * @param places  where the windows begin, int32 [windows]
 */
export function textLosses({ embedding, lstm, readout }: TextModel, codes: Tensor, places: Tensor): Tensor {
  const characters = codes.gather(places.unsqueeze(1).add(arange(textWindow + 1).unsqueeze(0)));
  const logits = readout(lstm(embedding(characters.slice(0, textWindow, 1))));
  return nn.crossEntropy(logits, characters.slice(1, undefined, 1), { reduction: "none" });
}
