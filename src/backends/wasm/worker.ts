import { control as c } from "./control.ts";

/**
 * What a worker runs: JavaScript, as text, so that no file has to be found. A message is one run of one program, which
 * the worker instantiates (some microseconds) and forgets. Thread 0 leads: it calls `run`, which comes back here with
 * every routine, and every loop's iterations, that threads divide. The others help until the run is over.
 *
 * A launch is cut into parts, and every thread has a lane of them (always the same ones, so that what a core wrote it
 * reads again). A thread that has done its own helps the others, and one that comes late, or never, delays none: the leader
 * waits only for parts that were taken. Between launches all lanes are empty, and what is launched is written before
 * they are filled and changed only after all parts are done. So a thread that has taken a part reads what it is a part of,
 * however long ago it looked at the lane.
 */
export const workerSource = `
"use strict";
const { load, store, add, compareExchange, wait, notify } = Atomics;

/**
 * Iterations for which to watch a word before sleeping on it: some 15 microseconds. With 200 a training step of 0.6 ms gains
 * 1.1 from a second thread instead of 1.6; with 20000 it gains no more, and takes a third more of the processor.
 */
const patience = 2000;

/** The run in hand: its program's functions, its control block, this thread's place, and the number of threads. */
let functions, words, me, size;

self.onmessage = ({ data: { id, module, memory, control, thread, threads } }) => {
  words = new Int32Array(memory.buffer, control);
  me = thread;
  size = threads;
  try {
    functions = new WebAssembly.Instance(module, { pondus: { memory, together } }).exports;
    if (me > 0) {
      add(words, ${c.helping}, 1);
      help();
      add(words, ${c.helping}, -1);
      return;
    }
    functions.run();
    self.postMessage({ id });
  } catch (error) {
    // A worker that cannot help does not.
    if (me === 0) self.postMessage({ id, error });
  } finally {
    if (me === 0) end();
    functions = words = undefined;
  }
};

function help() {
  for (;;) {
    const seen = load(words, ${c.number});
    if (load(words, ${c.running}) === 0) return;
    takeParts();
    for (let tries = 0; tries < patience && load(words, ${c.number}) === seen; tries++);
    if (load(words, ${c.number}) !== seen) continue;
    add(words, ${c.sleeping}, 1);
    wait(words, ${c.number}, seen);
    add(words, ${c.sleeping}, -1);
  }
}

/** One's own first, until none is left. */
function takeParts() {
  for (let k = 0; k < size; k++) {
    const lane = ${c.lanes} + ${c.line} * ((me + k) % size);
    for (;;) {
      const seen = load(words, lane);
      const part = seen & 0xffff;
      if (part >= seen >> 16) break;
      if (compareExchange(words, lane, seen, seen + 1) === seen) perform(part);
    }
  }
}

function perform(part) {
  try {
    functions[load(words, ${c.routine})](part, load(words, ${c.parts}), me);
  } catch {
    store(words, ${c.failed}, 1);
  }
  add(words, ${c.done}, 1);
  if (load(words, ${c.waiting}) === 1) notify(words, ${c.done});
}

function together(routine, most) {
  // A first run is often over before the first helper has come: cut into parts it takes half as long again.
  if (load(words, ${c.helping}) === 0) return functions[routine](0, 1, 0);
  const parts = Math.min(most, 4 * size);
  store(words, ${c.routine}, routine);
  store(words, ${c.parts}, parts);
  store(words, ${c.done}, 0);
  for (let k = 0; k < size; k++) {
    const first = Math.floor((parts * k) / size);
    const end = Math.floor((parts * (k + 1)) / size);
    store(words, ${c.lanes} + ${c.line} * k, (end << 16) | first);
  }
  wake();
  takeParts();
  for (let tries = 0; tries < patience && load(words, ${c.done}) < parts; tries++);
  if (load(words, ${c.done}) < parts) sleepUntilDone(parts);
  if (load(words, ${c.failed}) === 1) fail(routine);
}

function sleepUntilDone(parts) {
  store(words, ${c.waiting}, 1);
  for (;;) {
    const done = load(words, ${c.done});
    if (done === parts) break;
    wait(words, ${c.done}, done);
  }
  store(words, ${c.waiting}, 0);
}

/** What failed in parts fails as a whole too, and says why. */
function fail(routine) {
  store(words, ${c.failed}, 0);
  functions[routine](0, 1, 0);
  throw new Error("a part of " + functions[routine].name + " failed");
}

function wake() {
  add(words, ${c.number}, 1);
  if (load(words, ${c.sleeping}) > 0) notify(words, ${c.number});
}

function end() {
  add(words, ${c.running}, -1);
  wake();
}

self.postMessage({ up: true });
`;
