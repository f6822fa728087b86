
// Alone, a routine is compiled right. Seen together with its caller, gcc 12 may decide, after it rewrote the addresses
// of a loop, that the routine stores nothing, and drop the call.
#if defined(__clang__)
#define ROUTINE __attribute__((noinline, visibility("hidden")))
#else
#define ROUTINE __attribute__((noipa, visibility("hidden")))
#endif
// One that is not inlined, as in a routine that gcc finds large, gets its vectors through memory.
#define INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define ROTATE(x, bits, ...) __builtin_shufflevector(x, x, __VA_ARGS__)
#define SHUFFLE(x, y, bits, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define ROTATE(x, bits, ...) __builtin_shuffle(x, (bits){__VA_ARGS__})
#define SHUFFLE(x, y, bits, ...) __builtin_shuffle(x, y, (bits){__VA_ARGS__})
#endif
struct team {
  void (*together)(struct team *, void (*run)(char *, const long *, long, long, long), char *m, const long *at, long parts, long work);
};
INLINE int bits_float(float x) { int r; __builtin_memcpy(&r, &x, 4); return r; }
INLINE float bits_int(int x) { float r; __builtin_memcpy(&r, &x, 4); return r; }
INLINE long long bits_double(double x) { long long r; __builtin_memcpy(&r, &x, 8); return r; }
INLINE double bits_long_long(long long x) { double r; __builtin_memcpy(&r, &x, 8); return r; }
// Rounded once, where the processor can. Nothing else is fused, so that a value does not depend on what is computed beside it.
// clang fuses within an expression (-ffp-contract=on), which this is.
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
#define FMA_FLOAT(a, b, c) ((a) * (b) + (c))
#define FMA_DOUBLE(a, b, c) ((a) * (b) + (c))
#else
#define FMA_FLOAT __builtin_fmaf
#define FMA_DOUBLE __builtin_fma
#endif
INLINE float fma_float(float a, float b, float c) { return FMA_FLOAT(a, b, c); }
INLINE double fma_double(double a, double b, double c) { return FMA_DOUBLE(a, b, c); }
INLINE float sqrt_float(float x) { return __builtin_sqrtf(x); }
INLINE double sqrt_double(double x) { return __builtin_sqrt(x); }
INLINE float floor_float(float x) { return __builtin_floorf(x); }
INLINE double floor_double(double x) { return __builtin_floor(x); }
INLINE int truncate_double(double x) {
  return x != x ? 0 : x <= -2147483648.0 ? -2147483647 - 1 : x >= 2147483647.0 ? 2147483647 : (int)x;
}
INLINE int truncate_float(float x) { return truncate_double((double)x); }
INLINE float scale_float(float x, float k) { unsigned n = bits_float(k + 12583166.0f), half = n >> 1; return x * bits_int(half << 23) * bits_int((n - half) << 23); }
INLINE double scale_double(double x, double k) { unsigned long long n = bits_double(k + 6755399441057790.0), half = n >> 1; return x * bits_long_long(half << 52) * bits_long_long((n - half) << 52); }

ROUTINE void contract_0(char *m) {
  const float v0 = 0.0f;
  const float v5 = 0.125f;
  for (long i0 = 0; i0 < 4; i0 += 1) {
    for (long i1 = 0; i1 < 2; i1 += 1) {
      float v1 = v0;
      for (long i2 = 0; i2 < 3; i2 += 1) {
        const float v2 = *(float *)(m + 0 + 4 * (i0 * 3L + i2));
        const float v3 = *(float *)(m + 128 + 4 * (i2 * 2L + i1));
        const float v4 = fma_float(v2, v3, v1);
        v1 = v4;
      }
      const float v6 = *(float *)(m + 64 + 4 * (i0 * 2L + i1));
      const float v7 = v1 - v6;
      const float v8 = v5 * v7;
      const float v9 = v8 + v8;
      *(float *)(m + 192 + 4 * (i0 * 2L + i1)) = v9;
    }
  }
}
ROUTINE void contract_1(char *m) {
  const float v0 = 0.0f;
  for (long i3 = 0; i3 < 3; i3 += 1) {
    for (long i4 = 0; i4 < 2; i4 += 1) {
      float v1 = v0;
      for (long i5 = 0; i5 < 4; i5 += 1) {
        const float v2 = *(float *)(m + 0 + 4 * (i5 * 3L + i3));
        const float v3 = *(float *)(m + 192 + 4 * (i5 * 2L + i4));
        const float v4 = fma_float(v2, v3, v1);
        v1 = v4;
      }
      *(float *)(m + 64 + 4 * (i3 * 2L + i4)) = v1;
    }
  }
}
void pondus_run(char *m, struct team *team) {
  contract_0(m);
  contract_1(m);
}
long pondus_align(char *m) { return -(long)m & 63; }

