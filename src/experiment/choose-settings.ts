import { PondusError } from "../graph/errors.ts";
import { optimizerNames, type Settings } from "./run-settings.ts";
import { checked, type Given } from "./setting-kinds.ts";
import { dataSettings, type Offer, type Setting, settingNames, settings } from "./settings.ts";

/** What a user asks for, in code or on the command line: a page in JavaScript may have asked for anything. */
export type Asked = { readonly [K in keyof Settings]?: Settings[K] | string };

/**
 * The settings of a run: each as it was asked for, else as the run has it that is resumed, else as the page says, else by
 * default.
 *
 * @throws `train.option` for a value that none can have, `page.settings` for one that the page gives, and `train.law`,
 *         `train.ensemble`, `train.quick` and `train.optimizer` for one that the page does not offer
 */
export function chooseSettings(page: Offer, asked: Asked, resumed: Partial<Settings> = {}): Settings {
  checkPage(page);
  const chosen: Partial<Record<keyof Settings, unknown>> = {};
  for (const name of settingNames) {
    const setting = settings[name] as Setting<unknown>;
    const given = asked[name];
    if (given !== undefined) checked(setting.kind, given, { called: `train: ${name}`, code: "train.option" });
    const defaults = setting.defaults?.(page, chosen as Partial<Settings>) ?? [];
    const value = given ?? resumed[name] ?? defaults.find((x) => x !== undefined && x !== false);
    if (value === undefined) continue;
    setting.checkOffered?.(page, value);
    chosen[name] = value;
  }
  return chosen as unknown as Settings;
}

/** Which settings each part of a page may give. */
const ofPage = {
  settings: ["steps", "learningRate"],
  quick: ["steps", "learningRate"],
  ensemble: ["steps"],
  optimizers: ["steps"],
  laws: ["optimizer", "learningRate"],
} as const satisfies Partial<Record<keyof Offer, readonly (keyof Settings)[]>>;

/** @throws `page.settings` for a setting of the page that does not exist, or has a value that none can have */
function checkPage(page: Offer): void {
  const check = (given: object, path: string, allowed: readonly (keyof Settings)[]) => {
    checkNames(given, allowed, { called: `${page.name}: ${path}`, code: "page.settings" });
    for (const name of allowed) {
      const value = (given as Asked)[name];
      if (value !== undefined)
        checked<unknown>(settings[name].kind, value, {
          called: `${page.name}: ${path}.${name}`,
          code: "page.settings",
        });
    }
  };
  for (const part of ["settings", "quick", "ensemble"] as const) check(page[part] ?? {}, part, ofPage[part]);
  checkNames(page.optimizers ?? {}, optimizerNames, { called: `${page.name}: optimizers`, code: "page.settings" });
  for (const part of ["optimizers", "laws"] as const) {
    for (const [name, given] of Object.entries(page[part] ?? {})) check(given, `${part}.${name}`, ofPage[part]);
  }
}

/**
 * Refuses a name that means nothing, and would do nothing.
 *
 * @throws the given code
 */
export function checkNames(given: object, known: readonly string[], { called, code }: Given): void {
  const odd = Object.keys(given).find((name) => !known.includes(name));
  if (odd === undefined) return;
  throw new PondusError(code, `${called}: there is no ${odd}; there is ${known.join(", ")}.`);
}

/** @throws `train.option` for what names no file, or no columns of it */
export function checkDataSettings(data: object): void {
  const { file, ...columns } = dataSettings;
  const given = data as Readonly<Record<string, unknown>>;
  checkNames(data, [...Object.keys(dataSettings), "bytes"], { called: "train: data", code: "train.option" });
  checked(file.kind, given.file, { called: "train: data.file", code: "train.option" });
  for (const [name, { kind }] of Object.entries(columns)) {
    if (given[name] !== undefined)
      checked<unknown>(kind, given[name], { called: `train: data.${name}`, code: "train.option" });
  }
}
