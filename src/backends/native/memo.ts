import { createHash } from "node:crypto";
import { join } from "node:path";
import { cacheFolder, readOwn, writeOwn } from "#host/cache-folder";
import type { Machine } from "../../compiler/ir/loop.ts";
import type { GraphProgram } from "../../graph/program.ts";
import { codeDigest } from "./cache/code-digest.ts";
import { type GraphKey, graphKey } from "./cache/graph-key.ts";
import { markUsed } from "./cache/prune.ts";
import { type CachedLibrary, openCached } from "./library.ts";
import { type Note, noteOf, type Plan, planOf } from "./plan.ts";
import type { Toolchain } from "./toolchain.ts";

/**
 * The place of a note on a program beside its library. With the note, a program that was compiled before is loaded
 * without compiling. It is found by the graph itself, the machine, the C compiler and Pondus's own code.
 */
export interface Memo {
  readonly graph: GraphProgram;
  readonly known: GraphKey;
  readonly key: string;
  readonly path: string;
}

/** Undefined where it is not known which code would be skipped. */
export function memoOf(graph: GraphProgram, machine: Machine, { fingerprint }: Toolchain): Memo | undefined {
  const code = codeDigest();
  if (code === undefined) return undefined;
  const known = graphKey(graph);
  const key = digestOf([known.digest, JSON.stringify(machine), fingerprint, code].join("\n"));
  return { graph, known, key, path: join(cacheFolder(), `${key.slice(0, 40)}.program`) };
}

/** The program, if it was kept and both its parts are whole. */
export function recall(memo: Memo): { readonly plan: Plan; readonly kept: CachedLibrary } | undefined {
  const [seal, text] = readOwn(memo.path)?.split("\n") ?? [];
  if (text === undefined || seal !== sealOf(memo, text)) return undefined;
  const { library, note } = JSON.parse(text) as { library: string; note: Note };
  const plan = planOf(note, memo.graph, memo.known);
  const kept = plan && openCached(library);
  if (!kept) return undefined;
  markUsed(memo.path);
  return { plan, kept };
}

export function remember(memo: Memo, plan: Plan, library: string): void {
  const note = noteOf(plan, memo.graph, memo.known);
  if (!note) return;
  const text = JSON.stringify({ library, note });
  try {
    writeOwn(memo.path, `${sealOf(memo, text)}\n${text}\n`);
    markUsed(memo.path);
  } catch {
    // The disk is full: the next process compiles again.
  }
}

/** Tells a note that is whole, and meant for this very key, from any other. */
const sealOf = ({ key }: Memo, text: string) => digestOf(`${key}\n${text}`);

const digestOf = (text: string) => createHash("sha256").update(text).digest("hex");
