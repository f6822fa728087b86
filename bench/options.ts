import { parseArgs } from "node:util";
import { cases } from "./cases/index.ts";

export interface Options {
  readonly json: boolean;
  /** Cases to measure; all of them when undefined. */
  readonly only?: readonly string[];
  /** Peers to measure beside; those that are there when undefined. */
  readonly peers?: readonly string[];
  /** How long one slice of one participant lasts. */
  readonly seconds: number;
}

export const usage = `npm run bench [-- options]

  --only CASE,...   only these cases: ${cases.map(({ name }) => name).join(", ")}
  --peers NAME,...  only these peers: pytorch, jax, scipy, tfjs, jax-js, onnxruntime; none
  --seconds S       length of a slice (default 0.15); a figure is the median of seven
  --json            one JSON document on stdout instead of the table`;

const peerNames = ["pytorch", "jax", "scipy", "tfjs", "jax-js", "onnxruntime", "none"];

/** Throws an `Error` that says what is wrong. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean", default: false },
      only: { type: "string" },
      peers: { type: "string" },
      seconds: { type: "string", default: "0.15" },
    },
  });
  if (values.help) return "help";
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= 10)) throw new Error(`--seconds takes a number up to 10, not ${values.seconds}`);
  return {
    json: values.json,
    seconds,
    only: list(
      "--only",
      values.only,
      cases.map(({ name }) => name),
    ),
    peers: list("--peers", values.peers, peerNames),
  };
}

function list(option: string, text: string | undefined, known: readonly string[]): string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(",").filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined || names.length === 0) {
    throw new Error(`${option} takes some of ${known.join(", ")}; ${unknown ?? "nothing"} is none of them`);
  }
  return names;
}
