import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/** How a participant is started. */
export interface Program {
  readonly name: string;
  /** What --peers calls it; `pondus` and `machine` always take part. */
  readonly peer: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Why it cannot be started. */
  readonly missing?: string;
}

export const allThreads = availableParallelism();

export const installHint = "install it with bench/peers/setup";

const pythonScripts: Readonly<Record<string, string>> = { pytorch: "pytorch.py", jax: "jax_peer.py" };

/**
 * Every participant but the machine, in the order in which the table lists them.
 *
 * @param root     the repository
 * @param scratch  a folder that goes when the bench has ended
 */
export function programs(root: string, scratch: string): Program[] {
  const peers = join(root, "bench", "peers");
  const python = join(process.env.PONDUS_PEERS || join(peers, ".venv"), "bin", "python");
  const shared = { cwd: root, env: {} };
  const pondus = (name: string, env: NodeJS.ProcessEnv): Program => ({
    ...shared,
    name,
    peer: "pondus",
    command: process.execPath,
    args: [join(root, "bench", ".built", "pondus", "main.js"), name],
    // Compiled programs of its own: what a user has in the cache makes no difference, and is left alone.
    env: { PONDUS_CACHE: join(scratch, "pondus"), PONDUS_THREADS: undefined, ...env },
  });
  const inPython = (name: string, peer: string, threads: number, ...flags: string[]): Program => ({
    ...shared,
    name,
    peer,
    command: python,
    args: [join(peers, pythonScripts[peer]), name, "--threads", String(threads), ...flags],
    env: { TORCHINDUCTOR_CACHE_DIR: join(scratch, "inductor") },
    missing: existsSync(python) ? undefined : installHint,
  });
  const inNode = (name: string, needs: string): Program => ({
    ...shared,
    name,
    peer: name,
    command: process.execPath,
    // Room for jax-js, which traces an unrolled ODE solver by recursion.
    args: ["--stack-size=7600", join(peers, `${name}.mjs`), name],
    missing: existsSync(join(peers, "node_modules", needs)) ? undefined : installHint,
  });
  return [
    pondus("pondus-native-1", { PONDUS_BACKEND: "native", PONDUS_THREADS: "1" }),
    pondus("pondus-native", { PONDUS_BACKEND: "native" }),
    pondus("pondus-wasm", { PONDUS_BACKEND: "wasm" }),
    inPython("pytorch-1", "pytorch", 1),
    ...(allThreads > 1 ? [inPython(`pytorch-${allThreads}`, "pytorch", allThreads)] : []),
    inPython("pytorch-compile", "pytorch", allThreads, "--compile"),
    inPython("jax", "jax", allThreads),
    inPython("jax-loop", "jax", allThreads, "--loop"),
    inNode("tfjs", "@tensorflow/tfjs-backend-wasm"),
    inNode("jax-js", "@jax-js/jax"),
    inNode("onnxruntime", "onnxruntime-node"),
  ];
}

/** Names that goals use for the best of several ways to run the same program. */
export function waysOf(name: string): string[] {
  if (name === "native") return ["pondus-native-1", "pondus-native"];
  if (name === "pytorch") return ["pytorch-1", `pytorch-${allThreads}`];
  return [name];
}
