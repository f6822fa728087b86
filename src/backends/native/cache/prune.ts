import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const hour = 3600 * 1000;
const day = 24 * hour;

/** What was used last longer ago goes. */
const longest = 90 * day;

/** Bytes that all programs together may take. */
const most = 2 ** 30;

/** A library or a note on a program, and what a process that was ended in the middle may have left of either. */
const program = /^[0-9a-f]{40}(?:-[0-9a-f]{32}\.so|\.program)$/;
const draft = /\.\d+\.[0-9a-f]{12}\d*$/;

/** What this process uses stays. */
const used = new Set<string>();

/** Says that a file is used. Its time tells other processes, exactly enough for days. */
export function markUsed(path: string): void {
  used.add(path);
  try {
    const now = Date.now();
    if (now - statSync(path).mtimeMs > day) utimesSync(path, now / 1000, now / 1000);
  } catch {
    // It is gone, or the disk cannot be written to; then nothing is pruned either.
  }
}

/**
 * Takes away drafts that were left a day ago or earlier and, once an hour at most, programs that were not used for long
 * or for which there is no room, the oldest first. Other processes may do the same at the same time.
 */
export function prune(folder: string): void {
  const names = readdirSync(folder);
  for (const { path, time } of filesOf(folder, names, draft)) if (Date.now() - time > day) remove(path);
  if (!isTime(join(folder, "pruned"))) return;
  const newestFirst = filesOf(folder, names, program).sort((a, b) => b.time - a.time);
  let total = 0;
  for (const { path, size, time } of newestFirst) {
    total += size;
    if ((total > most || Date.now() - time > longest) && !used.has(path)) remove(path);
  }
}

/** Whether an hour has gone by since the file was last written; then it is written. */
function isTime(path: string): boolean {
  const last = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Math.abs(Date.now() - last) < hour) return false;
  writeFileSync(path, "", { mode: 0o600 });
  // A file that is written with nothing keeps its time.
  utimesSync(path, new Date(), new Date());
  return true;
}

function filesOf(folder: string, names: readonly string[], kind: RegExp) {
  return names.flatMap((name) => {
    const path = join(folder, name);
    const found = kind.test(name) ? statSync(path, { throwIfNoEntry: false }) : undefined;
    return found ? [{ path, size: found.size, time: found.mtimeMs }] : [];
  });
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Another user's, or a folder: it stays.
  }
}
