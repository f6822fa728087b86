/* memcpy between two arrays of as many floats as the longest elementwise case has, shared out among the threads. */
#include <stdlib.h>
#include <string.h>

#include "ceilings.h"

enum { BYTES = 40000000 };

struct job {
  char *from, *to;
  int threads;
  long times;
};

static void work(void *argument, int index) {
  struct job *job = argument;
  size_t begin = (size_t)BYTES / job->threads * index;
  size_t end = index == job->threads - 1 ? BYTES : (size_t)BYTES / job->threads * (index + 1);
  for (long i = 0; i < job->times; i++) {
    memcpy(job->to + begin, job->from + begin, end - begin);
    __asm__ volatile("" ::: "memory");
  }
}

double copy(double units, int threads) {
  static char *from, *to;
  if (!from) {
    from = malloc(BYTES);
    to = malloc(BYTES);
    if (!from || !to) abort();
    memset(from, 1, BYTES);
    memset(to, 2, BYTES);
  }
  double one = 2.0 * BYTES / 1e9;
  struct job job = {from, to, threads, (long)(units / one) + 1};
  return on_threads(threads, work, &job) / ((double)job.times * one);
}
