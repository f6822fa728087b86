#include <pthread.h>
#include <time.h>

#include "ceilings.h"

double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct task {
  void (*work)(void *, int);
  void *argument;
  int index;
};

static void *start(void *task) {
  struct task *t = task;
  t->work(t->argument, t->index);
  return 0;
}

double on_threads(int threads, void (*work)(void *, int), void *argument) {
  enum { MOST = 1024 };
  static pthread_t others[MOST];
  static struct task tasks[MOST];
  if (threads > MOST) threads = MOST;
  double began = now();
  for (int i = 1; i < threads; i++) {
    tasks[i] = (struct task){work, argument, i};
    pthread_create(&others[i], 0, start, &tasks[i]);
  }
  work(argument, 0);
  for (int i = 1; i < threads; i++) pthread_join(others[i], 0);
  return now() - began;
}
