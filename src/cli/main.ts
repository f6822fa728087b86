import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { backendNames } from "../runtime/choose.ts";
import { version } from "../systems/version.ts";
import { report } from "./failure.ts";
import { acceptClosedPipes } from "./streams.ts";

// Each command is loaded when it is called: `pondus systems` need not wait for what draws plots.

const program = new Command("pondus")
  .description("Neural networks for science, weighed to the last parameter")
  .version(version)
  .showHelpAfterError("(--help shows what there is)")
  .exitOverride();

const json = new Option("--json", "print one JSON document");

program
  .command("systems")
  .description("list the worked systems")
  .addOption(json)
  .action(async (flags) => (await import("./systems.ts")).listSystems(flags));

program
  .command("train")
  .description("train a system and write its run folder")
  .argument("[system]", "a system's name, or a file that defines one")
  .option("--data <file>", "your own measurements, as CSV with a header")
  .option("--time <column>", "the column of times (default: the first)")
  .option("--state <columns>", "the columns of the state, separated by commas (default: all others)", listOf)
  .option("--seed <n>", "of the initial weights and of all randomness", whole(0))
  .option("--steps <n>", "training steps", whole(1))
  .option("--rate <x>", "learning rate", positive)
  .addOption(new Option("--backend <name>", "what to run on").choices(["auto", ...backendNames]))
  .option("--out <folder>", "the run folder (default: runs/<system>-<n>)")
  .option("--resume <run>", "continue an interrupted run exactly")
  .addOption(json)
  .action(async (system, flags) => (await import("./train.ts")).trainCommand(system, flags));

program
  .command("predict")
  .description("ask a trained model")
  .argument("<run>", "a run folder")
  .argument("<input...>", "numbers; several to one input are joined by commas")
  .addOption(json)
  .action(async (run, inputs, flags) => (await import("./predict.ts")).predictCommand(run, inputs, flags));

program
  .command("weigh")
  .description("count the knobs of a model")
  .argument("<what>", "a system's name, a file that defines one, or a run folder")
  .addOption(json)
  .action(async (what, flags) => (await import("./weigh.ts")).weighCommand(what, flags));

program
  .command("doctor")
  .description("say what this machine offers")
  .addOption(json)
  .action(async (flags) => (await import("./doctor.ts")).doctor(flags));

function listOf(text: string): string[] {
  return text.split(",").map((part) => part.trim());
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
  // Commander has said what is wrong by now; help and version end here too, with code 0.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else report(error, process.argv.includes("--json"));
}
