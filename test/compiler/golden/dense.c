
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

ROUTINE void contract_0(char *m) {
  const f32x8 v0 = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  const f32x8 v17 = {10.0f, 10.0f, 10.0f, 10.0f, 10.0f, 10.0f, 10.0f, 10.0f};
  const f32x8 v19 = {12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f, 12583039.0f};
  const f32x8 v20 = {-2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f, -2.8853900817779268f};
  const f32x8 v23 = {0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f, 0.34657359027997264f};
  const f32x8 v26 = {-0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f, -0.04462907463312149f};
  const f32x8 v27 = {0.133866086602211f, 0.133866086602211f, 0.133866086602211f, 0.133866086602211f, 0.133866086602211f, 0.133866086602211f, 0.133866086602211f, 0.133866086602211f};
  const f32x8 v29 = {-0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f, -0.3333302438259125f};
  const f32x8 v31 = {0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f, 0.6666616797447205f};
  const f32x8 v33 = {-1.0f, -1.0f, -1.0f, -1.0f, -1.0f, -1.0f, -1.0f, -1.0f};
  const i32x8 v36 = {23, 23, 23, 23, 23, 23, 23, 23};
  const f32x8 v41 = {-0.5f, -0.5f, -0.5f, -0.5f, -0.5f, -0.5f, -0.5f, -0.5f};
  const f32x8 v42 = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
  const f32x8 v44 = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
  const f32x8 v50 = {-0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f, -0.0f};
  for (long i0 = 0; i0 < 4; i0 += 4) {
    for (long i1 = 0; i1 < 8; i1 += 8) {
      f32x8 v1 = v0;
      f32x8 v2 = v0;
      f32x8 v3 = v0;
      f32x8 v4 = v0;
      for (long i2 = 0; i2 < 3; i2 += 1) {
        const f32x8 v5 = *(float *)(m + 256 + 4 * (i0 * 3L + i2)) - (f32x8){0};
        const f32x8 v6 = *(f32x8_at *)(m + 0 + 4 * (i2 * 8L + i1));
        const f32x8 v7 = fma_f32x8(v5, v6, v1);
        v1 = v7;
        const f32x8 v8 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 3L)) - (f32x8){0};
        const f32x8 v9 = fma_f32x8(v8, v6, v2);
        v2 = v9;
        const f32x8 v10 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 6L)) - (f32x8){0};
        const f32x8 v11 = fma_f32x8(v10, v6, v3);
        v3 = v11;
        const f32x8 v12 = *(float *)(m + 256 + 4 * (i0 * 3L + i2 + 9L)) - (f32x8){0};
        const f32x8 v13 = fma_f32x8(v12, v6, v4);
        v4 = v13;
      }
      const f32x8 v14 = *(f32x8_at *)(m + 320 + 4 * (i1));
      const f32x8 v15 = v1 + v14;
      const f32x8 v16 = (f32x8)((i32x8)v15 & 0x7fffffff);
      const f32x8 v18 = smaller_f32x8(v17, v16);
      const f32x8 v21 = fma_f32x8(v18, v20, v19);
      const f32x8 v22 = v21 - v19;
      const f32x8 v24 = fma_f32x8(v22, v23, v18);
      const f32x8 v25 = v24 * v24;
      const f32x8 v28 = fma_f32x8(v26, v24, v27);
      const f32x8 v30 = fma_f32x8(v28, v24, v29);
      const f32x8 v32 = fma_f32x8(v30, v24, v31);
      const f32x8 v34 = fma_f32x8(v32, v24, v33);
      const f32x8 v35 = fma_f32x8(v25, v34, v24);
      const i32x8 v37 = (i32x8)v21;
      const i32x8 v38 = v37 << (v36 & 31);
      const f32x8 v39 = (f32x8)v38;
      const f32x8 v40 = v39 * v35;
      const f32x8 v43 = fma_f32x8(v39, v41, v42);
      const f32x8 v45 = v44 - v43;
      const f32x8 v46 = v45 - v40;
      const f32x8 v47 = v43 + v40;
      const f32x8 v48 = v47 / v46;
      const i32x8 v49 = (i32x8)v15;
      const i32x8 v51 = (i32x8)v50;
      const i32x8 v52 = v49 & v51;
      const i32x8 v53 = (i32x8)v48;
      const i32x8 v54 = v53 | v52;
      const f32x8 v55 = (f32x8)v54;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1)) = v55;
      const f32x8 v56 = v2 + v14;
      const f32x8 v57 = (f32x8)((i32x8)v56 & 0x7fffffff);
      const f32x8 v58 = smaller_f32x8(v17, v57);
      const f32x8 v59 = fma_f32x8(v58, v20, v19);
      const f32x8 v60 = v59 - v19;
      const f32x8 v61 = fma_f32x8(v60, v23, v58);
      const f32x8 v62 = v61 * v61;
      const f32x8 v63 = fma_f32x8(v26, v61, v27);
      const f32x8 v64 = fma_f32x8(v63, v61, v29);
      const f32x8 v65 = fma_f32x8(v64, v61, v31);
      const f32x8 v66 = fma_f32x8(v65, v61, v33);
      const f32x8 v67 = fma_f32x8(v62, v66, v61);
      const i32x8 v68 = (i32x8)v59;
      const i32x8 v69 = v68 << (v36 & 31);
      const f32x8 v70 = (f32x8)v69;
      const f32x8 v71 = v70 * v67;
      const f32x8 v72 = fma_f32x8(v70, v41, v42);
      const f32x8 v73 = v44 - v72;
      const f32x8 v74 = v73 - v71;
      const f32x8 v75 = v72 + v71;
      const f32x8 v76 = v75 / v74;
      const i32x8 v77 = (i32x8)v56;
      const i32x8 v78 = (i32x8)v50;
      const i32x8 v79 = v77 & v78;
      const i32x8 v80 = (i32x8)v76;
      const i32x8 v81 = v80 | v79;
      const f32x8 v82 = (f32x8)v81;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 8L)) = v82;
      const f32x8 v83 = v3 + v14;
      const f32x8 v84 = (f32x8)((i32x8)v83 & 0x7fffffff);
      const f32x8 v85 = smaller_f32x8(v17, v84);
      const f32x8 v86 = fma_f32x8(v85, v20, v19);
      const f32x8 v87 = v86 - v19;
      const f32x8 v88 = fma_f32x8(v87, v23, v85);
      const f32x8 v89 = v88 * v88;
      const f32x8 v90 = fma_f32x8(v26, v88, v27);
      const f32x8 v91 = fma_f32x8(v90, v88, v29);
      const f32x8 v92 = fma_f32x8(v91, v88, v31);
      const f32x8 v93 = fma_f32x8(v92, v88, v33);
      const f32x8 v94 = fma_f32x8(v89, v93, v88);
      const i32x8 v95 = (i32x8)v86;
      const i32x8 v96 = v95 << (v36 & 31);
      const f32x8 v97 = (f32x8)v96;
      const f32x8 v98 = v97 * v94;
      const f32x8 v99 = fma_f32x8(v97, v41, v42);
      const f32x8 v100 = v44 - v99;
      const f32x8 v101 = v100 - v98;
      const f32x8 v102 = v99 + v98;
      const f32x8 v103 = v102 / v101;
      const i32x8 v104 = (i32x8)v83;
      const i32x8 v105 = (i32x8)v50;
      const i32x8 v106 = v104 & v105;
      const i32x8 v107 = (i32x8)v103;
      const i32x8 v108 = v107 | v106;
      const f32x8 v109 = (f32x8)v108;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 16L)) = v109;
      const f32x8 v110 = v4 + v14;
      const f32x8 v111 = (f32x8)((i32x8)v110 & 0x7fffffff);
      const f32x8 v112 = smaller_f32x8(v17, v111);
      const f32x8 v113 = fma_f32x8(v112, v20, v19);
      const f32x8 v114 = v113 - v19;
      const f32x8 v115 = fma_f32x8(v114, v23, v112);
      const f32x8 v116 = v115 * v115;
      const f32x8 v117 = fma_f32x8(v26, v115, v27);
      const f32x8 v118 = fma_f32x8(v117, v115, v29);
      const f32x8 v119 = fma_f32x8(v118, v115, v31);
      const f32x8 v120 = fma_f32x8(v119, v115, v33);
      const f32x8 v121 = fma_f32x8(v116, v120, v115);
      const i32x8 v122 = (i32x8)v113;
      const i32x8 v123 = v122 << (v36 & 31);
      const f32x8 v124 = (f32x8)v123;
      const f32x8 v125 = v124 * v121;
      const f32x8 v126 = fma_f32x8(v124, v41, v42);
      const f32x8 v127 = v44 - v126;
      const f32x8 v128 = v127 - v125;
      const f32x8 v129 = v126 + v125;
      const f32x8 v130 = v129 / v128;
      const i32x8 v131 = (i32x8)v110;
      const i32x8 v132 = (i32x8)v50;
      const i32x8 v133 = v131 & v132;
      const i32x8 v134 = (i32x8)v130;
      const i32x8 v135 = v134 | v133;
      const f32x8 v136 = (f32x8)v135;
      *(f32x8_at *)(m + 128 + 4 * (i0 * 8L + i1 + 24L)) = v136;
    }
  }
}
void pondus_run(char *m, struct team *team) {
  contract_0(m);
}
long pondus_align(char *m) { return -(long)m & 63; }

