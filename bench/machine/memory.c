/* Reading and writing memory: from one array to another, and one array in place. Both are as long as the longest
   elementwise case, and shared out among the threads. What moves more counts: a copy may have to read what it is about
   to overwrite, a sweep in place never does. */
#include <stdlib.h>
#include <string.h>

#include "ceilings.h"

enum { COUNT = 10000000, BYTES = 4 * COUNT };

struct job {
  float *from, *to;
  int threads;
  long times;
};

static long part(const struct job *job, int index) { return (long)COUNT * index / job->threads; }

static void copy(void *argument, int index) {
  const struct job *job = argument;
  long begin = part(job, index), end = part(job, index + 1);
  for (long i = 0; i < job->times; i++) {
    memcpy(job->to + begin, job->from + begin, (end - begin) * sizeof(float));
    __asm__ volatile("" ::: "memory");
  }
}

typedef float vector __attribute__((vector_size(64), aligned(4), may_alias));

static void sweep(void *argument, int index) {
  const struct job *job = argument;
  float *begin = job->to + part(job, index), *end = job->to + part(job, index + 1);
  for (long i = 0; i < job->times; i++) {
    for (float *x = begin; x + 16 <= end; x += 16) *(vector *)x = -*(vector *)x;
    __asm__ volatile("" ::: "memory");
  }
}

double memory(double units, int threads) {
  static float *from, *to;
  if (!from) {
    from = malloc(BYTES);
    to = malloc(BYTES);
    if (!from || !to) abort();
    memset(from, 1, BYTES);
    memset(to, 2, BYTES);
  }
  double one = 2.0 * BYTES / 1e9;
  struct job job = {from, to, threads, (long)(units / one / 2) + 1};
  double copying = on_threads(threads, copy, &job), sweeping = on_threads(threads, sweep, &job);
  return (copying < sweeping ? copying : sweeping) / ((double)job.times * one);
}
