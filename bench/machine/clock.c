/* A chain of additions of which each needs the one before: one cycle each. The added number is in a register, for
   some processors add small constants without spending a cycle. */
#include "ceilings.h"

static void work(void *argument, int index) {
  long rounds = *(long *)argument, sum = index, one = 1;
  __asm__ volatile("" : "+r"(one));
  for (long r = 0; r < rounds; r++)
    _Pragma("GCC unroll 64") for (int i = 0; i < 64; i++) {
      sum += one;
      __asm__ volatile("" : "+r"(sum));
    }
}

double clock_cycles(double units, int threads) {
  long rounds = (long)(units * 1e9 / 64) + 1;
  return on_threads(threads, work, &rounds) / ((double)rounds * 64 / 1e9);
}
