import { type Library, libraryOf } from "./library.ts";
import type { Toolchain } from "./toolchain.ts";

/**
 * What programs need of the process: a team of threads, and memory in large pages. It is one library, compiled once,
 * so that all programs share one team.
 *
 * A launch is cut into parts. Every member begins with parts of its own (always the same ones, so that what a core
 * wrote it reads again) and then helps the others: a core that another program holds up delays none. The thread that calls
 * does not wait for members to wake, only for the parts that they took. Members spin for a while, then sleep.
 *
 * What a launch is stands in the team before its lanes open, and is read only by a thread that has taken a part: as long as a part
 * is out, the launch cannot end, and no other can take its place. A member that looks late finds empty lanes, or takes
 * part in what has begun since.
 */
const source = `
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

typedef void (*task)(char *m, const long *at, long part, long parts, long me);

// The next part in the lower half, the end of the lane in the upper one.
struct lane { _Alignas(128) _Atomic unsigned long parts; };

struct team {
  // The first member, by which programs call it.
  void (*together)(struct team *team, task run, char *m, const long *at, long parts, long work);
  long size;
  _Alignas(128) _Atomic unsigned number;
  _Atomic int sleeping;
  _Alignas(128) task run;
  char *m;
  const long *at;
  long parts;
  _Alignas(128) _Atomic long done;
  _Alignas(128) _Atomic int busy;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct lane lanes[];
};

static void pause_a_little(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

/** Takes parts, one's own first, until none is left. */
static void help(struct team *team, long me) {
  long taken = 0;
  for (long k = 0; k < team->size; k++) {
    const long owner = me + k < team->size ? me + k : me + k - team->size;
    _Atomic unsigned long *lane = &team->lanes[owner].parts;
    for (;;) {
      unsigned long seen = atomic_load_explicit(lane, memory_order_acquire);
      if ((unsigned)seen >= (unsigned)(seen >> 32)) break;
      if (!atomic_compare_exchange_weak(lane, &seen, seen + 1)) continue;
      team->run(team->m, team->at, (unsigned)seen, team->parts, me);
      taken++;
    }
  }
  if (taken > 0) atomic_fetch_add(&team->done, taken);
}

// To wake a thread costs some ten microseconds; the threads that are awake divide work that is worth less.
static const long worth_waking = 100000;

static void together(struct team *team, task run, char *m, const long *at, long parts, long work) {
  if (team->size == 1 || parts < 2 || atomic_exchange(&team->busy, 1)) {
    run(m, at, 0, 1, 0);
    return;
  }
  if (parts > 4 * team->size) parts = 4 * team->size;
  team->run = run;
  team->m = m;
  team->at = at;
  team->parts = parts;
  atomic_store_explicit(&team->done, 0, memory_order_relaxed);
  for (long k = 0; k < team->size; k++) {
    const unsigned long from = parts * k / team->size, end = parts * (k + 1) / team->size;
    atomic_store_explicit(&team->lanes[k].parts, end << 32 | from, memory_order_release);
  }
  atomic_fetch_add(&team->number, 1);
  if (work >= worth_waking && atomic_load(&team->sleeping) > 0) {
    pthread_mutex_lock(&team->lock);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
  }
  help(team, 0);
  for (long tries = 0; atomic_load(&team->done) < parts; tries++) {
    if (tries < 4000) pause_a_little();
    else sched_yield();
  }
  atomic_store(&team->busy, 0);
}

struct member { struct team *team; long place; };

static void *work(void *data) {
  const struct member me = *(struct member *)data;
  struct team *const team = me.team;
  free(data);
  for (unsigned seen = 0;;) {
    for (long tries = 0; tries < 5000 && atomic_load(&team->number) == seen; tries++) pause_a_little();
    if (atomic_load(&team->number) == seen) {
      pthread_mutex_lock(&team->lock);
      atomic_fetch_add(&team->sleeping, 1);
      while (atomic_load(&team->number) == seen) pthread_cond_wait(&team->wake, &team->lock);
      atomic_fetch_sub(&team->sleeping, 1);
      pthread_mutex_unlock(&team->lock);
    }
    seen = atomic_load(&team->number);
    help(team, me.place);
  }
  return 0;
}

/** The team of size threads, the caller being one of them: fewer when the system gives no more. */
void *pondus_team(long size) {
  static struct team *teams[257];
  static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
  if (size < 1) size = 1;
  if (size > 256) size = 256;
  pthread_mutex_lock(&making);
  if (!teams[size]) {
    struct team *team = aligned_alloc(128, sizeof(struct team) + size * sizeof(struct lane));
    if (!team) { pthread_mutex_unlock(&making); return 0; }
    __builtin_memset(team, 0, sizeof(struct team) + size * sizeof(struct lane));
    team->together = together;
    team->size = size;
    pthread_mutex_init(&team->lock, 0);
    pthread_cond_init(&team->wake, 0);
    // Signals are for the process's own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (long k = 1; k < size; k++) {
      struct member *member = malloc(sizeof *member);
      pthread_t thread;
      if (!member) break;
      *member = (struct member){team, k};
      // A member that cannot be had is one whose parts the others take.
      if (pthread_create(&thread, 0, work, member)) { free(member); break; }
      pthread_detach(thread);
    }
    pthread_sigmask(SIG_SETMASK, &before, 0);
    teams[size] = team;
  }
  pthread_mutex_unlock(&making);
  return teams[size];
}

/** Asks for large pages: an arena of many megabytes then misses the translation buffer far less often. */
void pondus_large_pages(char *m, long bytes) {
#ifdef MADV_HUGEPAGE
  const long page = 1L << 21;
  char *const from = (char *)(((unsigned long)m + page - 1) & ~(page - 1));
  const long whole = (m + bytes - from) & ~(page - 1);
  if (whole > 0) madvise(from, whole, MADV_HUGEPAGE);
#endif
}
`;

export interface Host {
  /** The address of a team of so many threads, for `pondus_run`. */
  team(threads: number): unknown;
  largePages(memory: Uint8Array): void;
}

let host: Promise<Host> | undefined;

/** The process's own part, compiled when the first program is loaded. */
export function hostOf(toolchain: Toolchain): Promise<Host> {
  host ??= libraryOf([source], toolchain).then(({ code }) => open(code));
  return host;
}

function open(code: Library): Host {
  const team = code.func("void *pondus_team(long size)");
  const largePages = code.func("void pondus_large_pages(void *m, long bytes)");
  return { team, largePages: (memory) => largePages(memory, memory.byteLength) };
}
