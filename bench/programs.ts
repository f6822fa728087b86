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

/** Peers that may be faster on one thread than on all run both ways. */
const threadCounts = [...new Set([1, allThreads])];

export const installHint = "install it with bench/peers/setup";

const pythonScripts: Readonly<Record<string, string>> = {
  pytorch: "pytorch.py",
  jax: "jax_peer.py",
  scipy: "scipy_peer.py",
};

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
  const inNode = (name: string, peer: string, needs: string, ...flags: string[]): Program => ({
    ...shared,
    name,
    peer,
    command: process.execPath,
    // Room for jax-js, which traces an unrolled ODE solver by recursion.
    args: ["--stack-size=7600", join(peers, `${peer}.mjs`), name, ...flags],
    missing: existsSync(join(peers, "node_modules", needs)) ? undefined : installHint,
  });
  return [
    pondus("pondus-native-1", { PONDUS_BACKEND: "native", PONDUS_THREADS: "1" }),
    pondus("pondus-native", { PONDUS_BACKEND: "native" }),
    pondus("pondus-wasm", { PONDUS_BACKEND: "wasm" }),
    ...threadCounts.map((n) => inPython(`pytorch-${n}`, "pytorch", n)),
    inPython("pytorch-compile", "pytorch", allThreads, "--compile"),
    inPython("jax", "jax", allThreads),
    inPython("jax-loop", "jax", allThreads, "--loop"),
    inPython("scipy", "scipy", 1),
    inNode("tfjs", "tfjs", "@tensorflow/tfjs-backend-wasm"),
    inNode("jax-js", "jax-js", "@jax-js/jax"),
    ...threadCounts.map((n) => inNode(`onnxruntime-${n}`, "onnxruntime", "onnxruntime-node", "--threads", String(n))),
  ];
}

/** Names that goals use for the best of several ways to run the same program. */
export function waysOf(name: string): string[] {
  if (name === "native") return ["pondus-native-1", "pondus-native"];
  if (name === "pytorch" || name === "onnxruntime") return threadCounts.map((n) => `${name}-${n}`);
  return [name];
}
