import * as nn from "../../nn/index.ts";

/** The forms of an LSTM that are compared, by what its gates share; `coupled` is forget = 1 - input. */
export const forms = ["untied", "input-is-forget", "coupled", "all-tied"] as const;
export type Form = (typeof forms)[number];

const options: Readonly<Record<Form, Parameters<typeof nn.lstm>[2]>> = {
  untied: {},
  "input-is-forget": { tie: [["input", "forget"]] },
  coupled: { coupled: true },
  "all-tied": { tie: [["input", "forget", "cell", "output"]] },
};

/** One thing for each form. */
export type ByForm<T> = { readonly [F in Form]: T };

/** Makes something of an LSTM of each form, all of one size. */
export function everyForm<T>(inputs: number, hidden: number, make: (lstm: Lstm) => T): ByForm<T> {
  return Object.fromEntries(forms.map((form) => [form, make(nn.lstm(inputs, hidden, options[form]))])) as ByForm<T>;
}

export type Lstm = ReturnType<typeof nn.lstm>;
