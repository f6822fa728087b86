/* Independent chains of fused multiply-adds, as wide as the registers are: enough chains to cover the latency of an
   addition on every unit, few enough to stay in registers. */
#include "ceilings.h"

#if defined(__AVX512F__)
enum { BYTES = 64, CHAINS = 24 };
#elif defined(__AVX__)
enum { BYTES = 32, CHAINS = 12 };
#elif defined(__aarch64__)
enum { BYTES = 16, CHAINS = 24 };
#else
enum { BYTES = 16, CHAINS = 12 };
#endif

enum { ROUNDS = 64 };

/* The numbers converge to 1, so that none ever becomes denormal or infinite. */
#define DEFINE(NAME, TYPE)                                                      \
  typedef TYPE NAME##_vector __attribute__((vector_size(BYTES)));               \
  static volatile TYPE NAME##_keep = 0, NAME##_factor = 0.5;                     \
  static void NAME##_work(void *argument, int index) {                          \
    long rounds = *(long *)argument;                                             \
    TYPE scalar = NAME##_factor;                                                 \
    NAME##_vector factor = scalar - (NAME##_vector){0};                          \
    NAME##_vector sum[CHAINS];                                                   \
    for (int c = 0; c < CHAINS; c++) sum[c] = factor * (TYPE)(c + index);        \
    for (long r = 0; r < rounds; r++)                                            \
      for (int i = 0; i < ROUNDS; i++)                                           \
        _Pragma("GCC unroll 24") for (int c = 0; c < CHAINS; c++)                \
            sum[c] = sum[c] * factor + factor;                                   \
    NAME##_vector total = sum[0];                                                \
    for (int c = 1; c < CHAINS; c++) total += sum[c];                            \
    NAME##_keep = total[0];                                                      \
  }                                                                              \
  double NAME(double units, int threads) {                                       \
    double one = 2.0 * ROUNDS * CHAINS * (BYTES / sizeof(TYPE)) * threads;        \
    long rounds = (long)(units * 1e9 / one) + 1;                                  \
    return on_threads(threads, NAME##_work, &rounds) / ((double)rounds * one / 1e9); \
  }

DEFINE(fma_f32, float)
DEFINE(fma_f64, double)
