import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import Papa from "papaparse";
import { optimizerNames } from "../experiment/optimizer-name.ts";
import { version } from "../host/version.ts";
import { backendNames } from "../runtime/choose.ts";
import { report, reportUsage } from "./failure.ts";
import { acceptClosedPipes } from "./streams.ts";

// Each command is loaded when it is called: `pondus systems` need not wait for what draws plots.

const program = new Command("pondus")
  .description("Neural networks for science, weighed to the last parameter")
  .version(version)
  .showHelpAfterError("(--help shows what there is)")
  .exitOverride()
  .addHelpText(
    "after",
    `
Examples:
  pondus train yeast               train a worked system; leaves a run folder with report.html
  pondus predict runs/yeast-1 20   ask what it learned
  pondus train ./my-system.ts      train a page of your own

Exit codes: 0 done, 1 failed while running, 2 bad usage or input, 130 stopped by Ctrl-C`,
  );

const json = new Option("--json", "print one JSON document, also of an error");

program
  .command("systems")
  .description("list the worked systems")
  .addOption(json)
  .action(async (flags) => (await import("./systems.ts")).listSystems(flags));

program
  .command("train")
  .description("train a system and write its run folder")
  .argument("[system]", "a system's name, or a file that defines one")
  .option("--data <file>", "your own measurements, as CSV with a header; or a text, where the system reads one", named)
  .option("--time <column>", "the column of times (default: the first)", named)
  .option(
    "--state <columns>",
    "the columns of the state, separated by commas; a name that holds one stands in quotes: '\"a, b\",c' " +
      "(default: all others)",
    listOf,
  )
  .option("--seed <n>", "of the initial weights and of all randomness", whole(0))
  .option("--steps <n>", "training steps", whole(1))
  .option("--learning-rate <x>", "learning rate", positive)
  .addOption(new Option("--optimizer <name>", "of those that the page offers").choices([...optimizerNames]))
  .option("--law <name>", "what is learned, of the laws that the page offers", named)
  .option(
    "--ensemble <n>",
    "train so many networks at once, where the page can: what they disagree on is unsure",
    whole(2),
  )
  .option("--quick", "the page's short form, where it has one: fewer seeds, steps or networks")
  .option(
    "--patience <n>",
    "end a fit after so many records (about 200 to a fit) without a better validation loss, at its best weights",
    whole(1),
  )
  .addOption(new Option("--backend <name>", "what to run on").choices(["auto", ...backendNames]))
  .option("--out <folder>", "the run folder (default: runs/<system>-<n>)", named)
  .option("--resume <run>", "continue an interrupted run exactly", named)
  .addOption(json)
  .addHelpText(
    "after",
    `
Examples:
  pondus train yeast --seed 2
  pondus train yeast --data my.csv --time day --state hare,lynx
  pondus train --resume runs/yeast-1`,
  )
  .action(async (system, flags) => (await import("./train.ts")).trainCommand(system, flags));

program
  .command("predict")
  .description("ask a trained model")
  .argument("<run>", "a run folder")
  .argument("<input...>", "numbers, several to one input joined by commas; or words, where the system reads them")
  .addOption(json)
  .addHelpText(
    "after",
    `
Examples:
  pondus predict runs/yeast-1 20 24    two inputs of one number: hours 20 and 24
  pondus predict runs/mine-1 1,2.5     one input of two numbers
  pondus predict runs/sequence-1 "the island is"`,
  )
  .action(async (run, inputs, flags) => (await import("./predict.ts")).predictCommand(run, inputs, flags));

program
  .command("explain")
  .description(
    "say what a trained model learned: symmetries, stiff and sloppy directions, what knobs do, a readable law",
  )
  .argument("<run>", "a run folder")
  .addOption(json)
  .addHelpText(
    "after",
    `
Examples:
  pondus explain runs/yeast-1    tables, pictures, and explain.html in the run folder`,
  )
  .action(async (run, flags) => (await import("./explain.ts")).explainCommand(run, flags));

program
  .command("weigh")
  .description("count the knobs of a model, and price what running, training and second derivatives take")
  .argument("<what>", "a system's name, a file that defines one or exports a model, or a run folder")
  .option("--batch <n>", "samples that go through at once (default: 1)", whole(1))
  .option("--measure", "run it too, and put what it takes beside every figure that was foretold")
  .addOption(new Option("--alone <program>").choices(["inference", "training"]).hideHelp())
  .addOption(json)
  .action(async (what, flags) => (await import("./weigh.ts")).weighCommand(what, flags));

program
  .command("doctor")
  .description("say what this machine offers")
  .addOption(json)
  .action(async (flags) => (await import("./doctor.ts")).doctor(flags));

function named(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("A name is needed, and nothing came.");
}

/** Names as in one line of a CSV file, so that a name in quotes may hold a comma. */
function listOf(text: string): string[] {
  named(text);
  const [names = []] = Papa.parse<string[]>(text, { delimiter: "," }).data;
  return names.map((name) => named(name).trim());
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`A whole number from ${least} is needed.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("A number above 0 is needed.");
}

acceptClosedPipes();
try {
  await program.parseAsync();
} catch (error) {
  const json = process.argv.includes("--json");
  // Help and version end here too, with code 0.
  if (!(error instanceof CommanderError)) report(error, json);
  else if (error.exitCode !== 0) reportUsage(error, json);
}
