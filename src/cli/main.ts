import { Command, CommanderError, Option } from "commander";
import { checked, whole } from "../experiment/setting-kinds.ts";
import { dataSettings, type Flag, folderSettings, settings } from "../experiment/settings.ts";
import { version } from "../host/version.ts";
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

const train = program
  .command("train")
  .description("train a system and write its run folder")
  .argument("[system]", "a system's name, or a file that defines one");
for (const flags of [dataSettings, settings, folderSettings]) {
  for (const flag of Object.values(flags)) train.addOption(optionFor<unknown>(flag));
}
train
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
  .addOption(optionFor({ flag: "--batch <n>", help: "samples that go through at once (default: 1)", kind: whole(1) }))
  .option("--measure", "run it too, and put what it takes beside every figure that was foretold")
  .addOption(new Option("--alone <program>").choices(["inference", "training"]).hideHelp())
  .addOption(json)
  .action(async (what, flags) => (await import("./weigh.ts")).weighCommand(what, flags));

program
  .command("doctor")
  .description("say what this machine offers")
  .addOption(json)
  .action(async (flags) => (await import("./doctor.ts")).doctor(flags));

/** A flag as an option of Commander's, whose values are checked as everywhere. */
function optionFor<T>({ flag, help, kind }: Flag<T>): Option {
  const option = new Option(flag, help);
  if (kind.choices) option.choices(kind.choices);
  // A switch takes no text.
  if (option.isBoolean()) return option;
  const given = { called: option.long as string, code: "usage" } as const;
  return option.argParser((text: string) => checked(kind, kind.read(text), given));
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
