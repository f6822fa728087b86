
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
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef double f64x8 __attribute__((vector_size(64)));
typedef double f64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
typedef int i32x8 __attribute__((vector_size(32)));
typedef int i32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef long long i64x8 __attribute__((vector_size(64)));
typedef long long i64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
typedef unsigned u32x8 __attribute__((vector_size(32)));
typedef unsigned u32x8_at __attribute__((vector_size(32), aligned(4), may_alias));
typedef unsigned long long u64x8 __attribute__((vector_size(64)));
typedef unsigned long long u64x8_at __attribute__((vector_size(64), aligned(8), may_alias));
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return a * b + c; }
#elif defined(__FMA__)
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { return __builtin_ia32_vfmaddps256(a, b, c); }
#else
INLINE f32x8 fma_f32x8(f32x8 a, f32x8 b, f32x8 c) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = fma_float(a[k], b[k], c[k]); return r; }
#endif
#if defined(__clang__) || !defined(__FP_FAST_FMAF)
INLINE f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { return a * b + c; }
#elif defined(__AVX512F__)
INLINE f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }
#else
INLINE f64x8 fma_f64x8(f64x8 a, f64x8 b, f64x8 c) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = fma_double(a[k], b[k], c[k]); return r; }
#endif
#if defined(__AVX512VL__) && !defined(__clang__)
INLINE f32x8 scale_f32x8(f32x8 x, f32x8 k) { return __builtin_ia32_scalefps256_mask(x, k, x, -1); }
#else
INLINE f32x8 scale_f32x8(f32x8 x, f32x8 k) { u32x8 n = (u32x8)(k + 12583166.0f), half = n >> 1; return x * (f32x8)(half << 23) * (f32x8)((n - half) << 23); }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE f64x8 scale_f64x8(f64x8 x, f64x8 k) { return __builtin_ia32_scalefpd512_mask(x, k, x, -1, 4); }
#else
INLINE f64x8 scale_f64x8(f64x8 x, f64x8 k) { u64x8 n = (u64x8)(k + 6755399441057790.0), half = n >> 1; return x * (f64x8)(half << 52) * (f64x8)((n - half) << 52); }
#endif
#if defined(__AVX__) && !defined(__clang__)
INLINE f32x8 larger_f32x8(f32x8 a, f32x8 b) { return __builtin_ia32_maxps256(a, b); }
#else
INLINE f32x8 larger_f32x8(f32x8 a, f32x8 b) { i32x8 t = a > b; return (f32x8)(((i32x8)a & t) | ((i32x8)b & ~t)); }
#endif
#if defined(__AVX512VL__) && !defined(__clang__)
INLINE f32x8 largest_f32x8(f32x8 a, f32x8 b) { return __builtin_ia32_maxps256_mask(a, b, a, __builtin_ia32_cmpps256_mask(a, a, 7, -1)); }
#else
INLINE f32x8 largest_f32x8(f32x8 a, f32x8 b) { i32x8 t = (a > b) | (a != a); return (f32x8)(((i32x8)a & t) | ((i32x8)b & ~t)); }
#endif
#if defined(__AVX__) && !defined(__clang__)
INLINE f32x8 smaller_f32x8(f32x8 a, f32x8 b) { return __builtin_ia32_minps256(a, b); }
#else
INLINE f32x8 smaller_f32x8(f32x8 a, f32x8 b) { i32x8 t = a < b; return (f32x8)(((i32x8)a & t) | ((i32x8)b & ~t)); }
#endif
#if defined(__AVX512VL__) && !defined(__clang__)
INLINE f32x8 smallest_f32x8(f32x8 a, f32x8 b) { return __builtin_ia32_minps256_mask(a, b, a, __builtin_ia32_cmpps256_mask(a, a, 7, -1)); }
#else
INLINE f32x8 smallest_f32x8(f32x8 a, f32x8 b) { i32x8 t = (a < b) | (a != a); return (f32x8)(((i32x8)a & t) | ((i32x8)b & ~t)); }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE f64x8 larger_f64x8(f64x8 a, f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, -1, 4); }
#else
INLINE f64x8 larger_f64x8(f64x8 a, f64x8 b) { i64x8 t = a > b; return (f64x8)(((i64x8)a & t) | ((i64x8)b & ~t)); }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE f64x8 largest_f64x8(f64x8 a, f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, __builtin_ia32_cmppd512_mask(a, a, 7, -1, 4), 4); }
#else
INLINE f64x8 largest_f64x8(f64x8 a, f64x8 b) { i64x8 t = (a > b) | (a != a); return (f64x8)(((i64x8)a & t) | ((i64x8)b & ~t)); }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE f64x8 smaller_f64x8(f64x8 a, f64x8 b) { return __builtin_ia32_minpd512_mask(a, b, a, -1, 4); }
#else
INLINE f64x8 smaller_f64x8(f64x8 a, f64x8 b) { i64x8 t = a < b; return (f64x8)(((i64x8)a & t) | ((i64x8)b & ~t)); }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE f64x8 smallest_f64x8(f64x8 a, f64x8 b) { return __builtin_ia32_minpd512_mask(a, b, a, __builtin_ia32_cmppd512_mask(a, a, 7, -1, 4), 4); }
#else
INLINE f64x8 smallest_f64x8(f64x8 a, f64x8 b) { i64x8 t = (a < b) | (a != a); return (f64x8)(((i64x8)a & t) | ((i64x8)b & ~t)); }
#endif
#if defined(__AVX__) && !defined(__clang__)
INLINE int any_i32x8(i32x8 a) { typedef long long longs __attribute__((vector_size(32))); return !__builtin_ia32_ptestz256((longs)a, (longs)a); }
#else
INLINE int any_i32x8(i32x8 a) { int s = 0; for (int k = 0; k < 8; k++) s |= a[k]; return s != 0; }
#endif
#if defined(__AVX512F__) && !defined(__clang__)
INLINE int any_i64x8(i64x8 a) { return __builtin_ia32_ptestmq512(a, a, -1) != 0; }
#else
INLINE int any_i64x8(i64x8 a) { long long s = 0; for (int k = 0; k < 8; k++) s |= a[k]; return s != 0; }
#endif
INLINE f32x8 select_f32x8(i32x8 test, f32x8 yes, f32x8 no) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = test[k] ? yes[k] : no[k]; return r; }
INLINE f64x8 select_f64x8(i64x8 test, f64x8 yes, f64x8 no) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = test[k] ? yes[k] : no[k]; return r; }
INLINE i32x8 select_i32x8(i32x8 test, i32x8 yes, i32x8 no) { i32x8 r; for (int k = 0; k < 8; k++) r[k] = test[k] ? yes[k] : no[k]; return r; }
INLINE i64x8 select_i64x8(i64x8 test, i64x8 yes, i64x8 no) { i64x8 r; for (int k = 0; k < 8; k++) r[k] = test[k] ? yes[k] : no[k]; return r; }
INLINE f32x8 sqrt_f32x8(f32x8 x) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_sqrtf(x[k]); return r; }
INLINE f64x8 sqrt_f64x8(f64x8 x) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_sqrt(x[k]); return r; }
INLINE f32x8 floor_f32x8(f32x8 x) { f32x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_floorf(x[k]); return r; }
INLINE f64x8 floor_f64x8(f64x8 x) { f64x8 r; for (int k = 0; k < 8; k++) r[k] = __builtin_floor(x[k]); return r; }
INLINE i32x8 truncate_f32x8(f32x8 x) { i32x8 r; for (int k = 0; k < 8; k++) r[k] = truncate_float(x[k]); return r; }
INLINE i32x8 truncate_f64x8(f64x8 x) { i32x8 r; for (int k = 0; k < 8; k++) r[k] = truncate_double(x[k]); return r; }
INLINE float sum_f32x8(f32x8 a) { f32x8 b; b = ROTATE(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = ROTATE(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = ROTATE(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
INLINE double sum_f64x8(f64x8 a) { f64x8 b; b = ROTATE(a, i64x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = ROTATE(a, i64x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = ROTATE(a, i64x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
INLINE int sum_i32x8(i32x8 a) { i32x8 b; b = ROTATE(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = a + b; b = ROTATE(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = a + b; b = ROTATE(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = a + b; return a[0]; }
INLINE float max_f32x8(f32x8 a) { f32x8 b; b = ROTATE(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = largest_f32x8(a, b); b = ROTATE(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = largest_f32x8(a, b); b = ROTATE(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = largest_f32x8(a, b); return a[0]; }
INLINE double max_f64x8(f64x8 a) { f64x8 b; b = ROTATE(a, i64x8, 4, 5, 6, 7, 0, 1, 2, 3); a = largest_f64x8(a, b); b = ROTATE(a, i64x8, 2, 3, 4, 5, 6, 7, 0, 1); a = largest_f64x8(a, b); b = ROTATE(a, i64x8, 1, 2, 3, 4, 5, 6, 7, 0); a = largest_f64x8(a, b); return a[0]; }
INLINE int max_i32x8(i32x8 a) { i32x8 b; b = ROTATE(a, i32x8, 4, 5, 6, 7, 0, 1, 2, 3); a = (a & (a > b)) | (b & ~(a > b)); b = ROTATE(a, i32x8, 2, 3, 4, 5, 6, 7, 0, 1); a = (a & (a > b)) | (b & ~(a > b)); b = ROTATE(a, i32x8, 1, 2, 3, 4, 5, 6, 7, 0); a = (a & (a > b)) | (b & ~(a > b)); return a[0]; }

ROUTINE void copy_0(char *m) {
  for (long i1 = 0; i1 < 2; i1 += 1) {
    const float v0 = *(float *)(m + 128 + 4 * (i1));
    *(float *)(m + 192 + 4 * (i1)) = v0;
  }
}
ROUTINE void contract_1(char *m, long i0) {
  const float v0 = 0.0f;
  const float v8 = 10.0f;
  const float v10 = 12583039.0f;
  const float v11 = -2.8853900817779268f;
  const float v14 = 0.34657359027997264f;
  const float v17 = -0.04462907463312149f;
  const float v18 = 0.133866086602211f;
  const float v20 = -0.3333302438259125f;
  const float v22 = 0.6666616797447205f;
  const float v24 = -1.0f;
  const int v27 = 23;
  const float v32 = -0.5f;
  const float v33 = 0.5f;
  const float v35 = 1.0f;
  const float v41 = -0.0f;
  for (long i2 = 0; i2 < 2; i2 += 1) {
    float v1 = v0;
    for (long i3 = 0; i3 < 2; i3 += 1) {
      const float v2 = *(float *)(m + 192 + 4 * (i3));
      const float v3 = *(float *)(m + 64 + 4 * (i3 * 2L + i2));
      const float v4 = fma_float(v2, v3, v1);
      v1 = v4;
    }
    const float v5 = *(float *)(m + 0 + 4 * (i0 * 2L + i2));
    const float v6 = v1 + v5;
    const float v7 = __builtin_fabsf(v6);
    const float v9 = (v8 < v7) ? v8 : v7;
    const float v12 = fma_float(v9, v11, v10);
    const float v13 = v12 - v10;
    const float v15 = fma_float(v13, v14, v9);
    const float v16 = v15 * v15;
    const float v19 = fma_float(v17, v15, v18);
    const float v21 = fma_float(v19, v15, v20);
    const float v23 = fma_float(v21, v15, v22);
    const float v25 = fma_float(v23, v15, v24);
    const float v26 = fma_float(v16, v25, v15);
    const int v28 = bits_float(v12);
    const int v29 = v28 << (v27 & 31);
    const float v30 = bits_int(v29);
    const float v31 = v30 * v26;
    const float v34 = fma_float(v30, v32, v33);
    const float v36 = v35 - v34;
    const float v37 = v36 - v31;
    const float v38 = v34 + v31;
    const float v39 = v38 / v37;
    const int v40 = bits_float(v6);
    const int v42 = bits_float(v41);
    const int v43 = v40 & v42;
    const int v44 = bits_float(v39);
    const int v45 = v44 | v43;
    const float v46 = bits_int(v45);
    *(float *)(m + 256 + 4 * (i0 * 2L + i2)) = v46;
  }
}
ROUTINE void copy_2(char *m, long i0) {
  for (long i4 = 0; i4 < 2; i4 += 1) {
    const float v0 = *(float *)(m + 192 + 4 * (i4));
    *(float *)(m + 320 + 4 * (i0 * 2L + i4)) = v0;
  }
}
ROUTINE void copy_3(char *m, long i0) {
  for (long i5 = 0; i5 < 2; i5 += 1) {
    const float v0 = *(float *)(m + 256 + 4 * (i0 * 2L + i5));
    *(float *)(m + 192 + 4 * (i5)) = v0;
  }
}
ROUTINE void add_4(char *m) {
  for (long i7 = 0; i7 < 8; i7 += 8) {
    const f32x8 v0 = *(f32x8_at *)(m + 256 + 4 * (i7));
    const f32x8 v1 = v0 + v0;
    *(f32x8_at *)(m + 0 + 4 * (i7)) = v1;
  }
  for (long i7 = 8; i7 < 10; i7 += 1) {
    const float v2 = *(float *)(m + 256 + 4 * (i7));
    const float v3 = v2 + v2;
    *(float *)(m + 0 + 4 * (i7)) = v3;
  }
}
ROUTINE void copy_5(char *m) {
  const float v0 = 0.0f;
  for (long i9 = 0; i9 < 2; i9 += 1) {
    *(float *)(m + 192 + 4 * (i9)) = v0;
  }
}
ROUTINE void reshape_6(char *m, long i8) {
  for (long i10 = 0; i10 < 2; i10 += 1) {
    const float v0 = *(float *)(m + 320 + 4 * (i8 * 2L + i10));
    *(float *)(m + 384 + 4 * (i8 * 2L + i10)) = v0;
  }
}
ROUTINE void reshape_7(char *m, long i8) {
  const float v6 = 1.0f;
  for (long i11 = 0; i11 < 2; i11 += 1) {
    const float v0 = *(float *)(m + 192 + 4 * (i11));
    const float v1 = *(float *)(m + 0 + 4 * (i8 * 2L + i11));
    const float v2 = v0 + v1;
    const float v3 = *(float *)(m + 256 + 4 * (i8 * 2L + i11));
    const float v4 = v3 * v3;
    const float v5 = -v4;
    const float v7 = v5 + v6;
    const float v8 = v2 * v7;
    *(float *)(m + 448 + 4 * (i8 * 2L + i11)) = v8;
  }
}
ROUTINE void contract_8(char *m, long i8) {
  const float v0 = 0.0f;
  for (long i12 = 0; i12 < 2; i12 += 1) {
    float v1 = v0;
    for (long i13 = 0; i13 < 2; i13 += 1) {
      const float v2 = *(float *)(m + 448 + 4 * (i8 * 2L + i13));
      const float v3 = *(float *)(m + 64 + 4 * (i12 * 2L + i13));
      const float v4 = fma_float(v2, v3, v1);
      v1 = v4;
    }
    *(float *)(m + 192 + 4 * (i12)) = v1;
  }
}
ROUTINE void contract_9(char *m) {
  const float v0 = 0.0f;
  for (long i14 = 0; i14 < 2; i14 += 1) {
    for (long i15 = 0; i15 < 2; i15 += 1) {
      float v1 = v0;
      for (long i16 = 0; i16 < 5; i16 += 1) {
        const float v2 = *(float *)(m + 384 + 4 * (i16 * 2L + i14));
        const float v3 = *(float *)(m + 448 + 4 * (i16 * 2L + i15));
        const float v4 = fma_float(v2, v3, v1);
        v1 = v4;
      }
      *(float *)(m + 0 + 4 * (i14 * 2L + i15)) = v1;
    }
  }
}
void pondus_run(char *m, struct team *team) {
  copy_0(m);
  for (long i0 = 0; i0 < 5; i0++) {
    contract_1(m, i0);
    copy_2(m, i0);
    copy_3(m, i0);
  }
  add_4(m);
  copy_5(m);
  for (long i8 = 4; i8 >= 0; i8--) {
    reshape_6(m, i8);
    reshape_7(m, i8);
    contract_8(m, i8);
  }
  contract_9(m);
}
long pondus_align(char *m) { return -(long)m & 63; }

