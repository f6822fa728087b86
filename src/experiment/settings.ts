import { PondusError } from "../graph/errors.ts";
import { backendNames } from "../runtime/choose.ts";
import { type OptimizerName, optimizerNames, type Settings } from "./run-settings.ts";
import { type Kind, name, names, oneOf, positive, truth, whole } from "./setting-kinds.ts";
import type { AnySystem } from "./system.ts";

/** A flag of the command line, and what it takes. */
export interface Flag<T> {
  readonly flag: string;
  readonly help: string;
  readonly kind: Kind<T>;
}

/** What a page says of the settings. */
export type Offer = Pick<AnySystem, "name" | "settings" | "quick" | "optimizers" | "laws" | "ensemble">;

export interface Setting<T> extends Flag<T> {
  /** Its name in the report, and how a value is written there (default: by `String`). */
  readonly label: string;
  readonly say?: (value: T) => string;
  /** Where run.json keeps it; at the top of it stands what was found out besides, such as which backend "auto" is. */
  readonly keptIn: "options" | "top";
  /** Whether every run has it. */
  readonly isKnown?: true;
  /** What it is where neither the user nor the run that is resumed says so: the first of these that is defined. */
  defaults?(page: Offer, chosen: Partial<Settings>): readonly (T | false | undefined)[];
  /** @throws when the page does not offer this */
  checkOffered?(page: Offer, value: T): void;
}

const inThousands = (n: number) => n.toLocaleString("en-US");

/** More members take days, and gigabytes. */
const mostMembers = 1000;

/** Every setting, in an order in which each may depend on those before it. */
export const settings: { readonly [K in keyof Settings]-?: Setting<NonNullable<Settings[K]>> } = {
  seed: {
    flag: "--seed <n>",
    help: "of the initial weights and of all randomness",
    kind: whole(0),
    label: "seed",
    keptIn: "top",
    isKnown: true,
    defaults: () => [0],
  },
  law: {
    flag: "--law <name>",
    help: "what is learned, of the laws that the page offers",
    kind: name,
    label: "law",
    keptIn: "options",
    defaults: ({ laws = {} }) => [Object.keys(laws)[0]],
    checkOffered(page, law) {
      const offered = Object.keys(page.laws ?? {});
      if (offered.includes(law)) return;
      const choice =
        offered.length > 0 ? `choose from ${offered.join(", ")}` : "the page has one, its own; leave --law out";
      throw new PondusError("train.law", `${page.name} knows no law "${law}"; ${choice}.`);
    },
  },
  ensemble: {
    flag: "--ensemble <n>",
    help: "train so many networks at once, where the page can: what they disagree on is unsure",
    kind: whole(2, mostMembers),
    label: "ensemble",
    say: (members) => `${members} networks`,
    keptIn: "options",
    checkOffered({ name, ensemble }) {
      if (ensemble) return;
      throw new PondusError("train.ensemble", `${name} trains no ensemble; leave --ensemble out, and vary --seed.`);
    },
  },
  quick: {
    flag: "--quick",
    help: "the page's short form, where it has one: fewer seeds, steps or networks",
    kind: truth,
    label: "short form",
    say: (isQuick) => (isQuick ? "yes" : "no"),
    keptIn: "options",
    checkOffered({ name, quick }, asked) {
      if (quick || !asked) return;
      throw new PondusError("train.quick", `${name} has no short form; leave --quick out, or shorten it by --steps.`);
    },
  },
  optimizer: {
    flag: "--optimizer <name>",
    help: "of those that the page offers",
    kind: oneOf(optimizerNames),
    label: "optimizer",
    keptIn: "options",
    defaults: ({ laws, optimizers = {} }, { law }) => [
      laws?.[law ?? ""]?.optimizer,
      (Object.keys(optimizers) as OptimizerName[])[0],
    ],
    checkOffered({ name, optimizers = {} }, optimizer) {
      if (optimizers[optimizer]) return;
      const offered = Object.keys(optimizers);
      const choice = offered.length > 0 ? `choose from ${offered.join(", ")}` : "the page trains in its own way";
      throw new PondusError("train.optimizer", `${name} does not train with "${optimizer}"; ${choice}.`);
    },
  },
  steps: {
    flag: "--steps <n>",
    help: "training steps",
    kind: whole(1),
    label: "steps",
    say: inThousands,
    keptIn: "options",
    isKnown: true,
    defaults: (page, { quick, ensemble, optimizer }) => [
      quick && page.quick?.steps,
      ensemble !== undefined && page.ensemble?.steps,
      optimizer && page.optimizers?.[optimizer]?.steps,
      page.settings?.steps,
      1000,
    ],
  },
  learningRate: {
    flag: "--learning-rate <x>",
    help: "learning rate",
    kind: positive,
    label: "learning rate",
    keptIn: "options",
    isKnown: true,
    defaults: (page, { quick, law }) => [
      quick && page.quick?.learningRate,
      page.laws?.[law ?? ""]?.learningRate,
      page.settings?.learningRate,
      1e-2,
    ],
  },
  patience: {
    flag: "--patience <n>",
    help: "end a fit after so many records (about 200 to a fit) without a better validation loss, at its best weights",
    kind: whole(1),
    label: "patience",
    say: (records) => `${inThousands(records)} records`,
    keptIn: "options",
  },
  backend: {
    flag: "--backend <name>",
    help: "what to run on",
    kind: oneOf(["auto", ...backendNames]),
    label: "backend",
    keptIn: "top",
    isKnown: true,
  },
};

export const settingNames = Object.keys(settings) as readonly (keyof Settings)[];

/** Which file to learn from in place of the page's own data, and which of its columns. */
export const dataSettings = {
  file: {
    flag: "--data <file>",
    help: "your own measurements, as CSV with a header; or a text, where the system reads one",
    kind: name,
  },
  time: { flag: "--time <column>", help: "the column of times (default: the first)", kind: name },
  state: {
    flag: "--state <columns>",
    help:
      "the columns of the state, separated by commas; a name that holds one stands in quotes: '\"a, b\",c' " +
      "(default: all others)",
    kind: names,
  },
} as const satisfies Record<string, Flag<unknown>>;

/** Where a run is written, or which one goes on. */
export const folderSettings = {
  out: { flag: "--out <folder>", help: "the run folder (default: runs/<system>-<n>)", kind: name },
  resume: { flag: "--resume <run>", help: "continue an interrupted run exactly", kind: name },
} as const satisfies Record<string, Flag<unknown>>;
