// `node scripts/speeds.mjs`: writes README's table of speeds from bench/RESULTS.md; with `--check` it only says whether that is stale.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const page = fileURLToPath(new URL("../README.md", import.meta.url));
const results = readFileSync(new URL("../bench/RESULTS.md", import.meta.url), "utf8");

/** Rows of the table: what it says, and where RESULTS.md has it. */
const rows = [
  ["matrix product, 1024 x 1024 x 1024", "gemm", "1024x1024x1024 nn"],
  ["training step, 100-128-64-1, batch 256", "proteins", "step"],
  ["training step, 784-512-512-512-10, batch 128", "deep", "step"],
  ["training step, LeNet on 28 x 28 images, batch 64", "cnn", "step"],
  ["training step, LSTM of 128 units, 64 steps", "lstm", "step"],
  ["convolution, forward", "conv", "forward"],
  ["convolution, gradients", "conv", "gradients"],
  ["gradient of a loss with second derivatives (Burgers)", "burgers", "gradient"],
  ["training step of a neural ODE (yeast)", "yeast", "step"],
  ["1,000 Lorenz trajectories, adaptive steps", "diffeq", "lorenz, 1,000 trajectories to t = 10"],
  ["one answer of a trained network, batch 1", "inference", "batch 1"],
  ["first result in a fresh process", "compile", "proteins"],
];

/** Columns, each the fastest of these programs. */
const columns = [
  ["Pondus", ["pondus-native-1", "pondus-native", "pondus-native cold"]],
  ["Pondus, WebAssembly", ["pondus-wasm"]],
  ["PyTorch", ["pytorch-1", "pytorch-2", "pytorch-compile"]],
  ["JAX", ["jax", "jax-loop"]],
  ["TensorFlow.js", ["tfjs"]],
];

const cells = (line) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The times of one case of RESULTS.md: by variant, then by program, as they stand there. */
function timesOf(name) {
  const start = results.indexOf(`\n### ${name}, seconds\n`);
  if (start < 0) throw new Error(`bench/RESULTS.md has no times of "${name}".`);
  const [head, , ...lines] = results
    .slice(start)
    .match(/^\|.*(?:\n\|.*)*/m)[0]
    .split("\n");
  const programs = cells(head).slice(1);
  const entries = lines.map((line) => {
    const [variant, ...times] = cells(line);
    return [variant, Object.fromEntries(programs.map((program, i) => [program, times[i]]))];
  });
  return Object.fromEntries(entries);
}

const units = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1 };

function secondsOf(time) {
  const [value, unit] = (time ?? "").split(" ");
  return unit in units ? Number(value) * units[unit] : undefined;
}

function fastest(times, programs) {
  const known = programs.map((program) => times[program]).filter((time) => secondsOf(time) !== undefined);
  return known.sort((a, b) => secondsOf(a) - secondsOf(b))[0];
}

function ratio(seconds, ours) {
  const times = seconds / ours;
  return times >= 10 ? Math.round(times).toLocaleString("en-US") : times.toPrecision(2);
}

function table() {
  const lines = rows.map(([label, name, variant]) => {
    const times = timesOf(name)[variant];
    if (!times) throw new Error(`bench/RESULTS.md has no "${variant}" of "${name}".`);
    const ours = fastest(times, columns[0][1]);
    const shown = columns.map(([, programs], i) => {
      const time = fastest(times, programs);
      if (time === undefined) return "";
      return i === 0 ? time.replace("us", "µs") : `${ratio(secondsOf(time), secondsOf(ours))}x`;
    });
    return [label, ...shown];
  });
  const head = ["", ...columns.map(([title]) => title)];
  const all = [head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...lines];
  return all.map((line) => `| ${line.join(" | ")} |`).join("\n");
}

/** The machine and the day, as RESULTS.md says. */
function machine() {
  const about = (what) => results.match(new RegExp(`^\\| ${what} \\| (.+) \\|$`, "m"))?.[1];
  return `${about("processor")}, ${about("system")?.split(" (")[0]}, ${about("date")}`;
}

const marked = /(<!-- speeds[^\n]*-->\n)[\s\S]*?(<!-- end of speeds -->)/;
const before = readFileSync(page, "utf8");
const after = before.replace(marked, (_, start, end) => `${start}\n${table()}\n\nMeasured on: ${machine()}.\n\n${end}`);
if (!marked.test(before)) throw new Error("README.md has no `<!-- speeds -->` ... `<!-- end of speeds -->`.");

if (!process.argv.includes("--check")) writeFileSync(page, after);
else if (after !== before) {
  process.stderr.write(
    "README.md: its table of speeds is not that of bench/RESULTS.md; run `node scripts/speeds.mjs`.\n",
  );
  process.exitCode = 1;
}
