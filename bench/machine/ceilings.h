/* What the processor can do at most. Each function does its unit of work, one thousand million of something, about
   `units` times on `threads` threads, and returns the seconds that one unit took. */

double fma_f32(double units, int threads); /* floating-point operations, two to a fused multiply-add */
double fma_f64(double units, int threads);
double memory(double units, int threads); /* bytes moved: read and written */
double clock_cycles(double units, int threads); /* cycles of one core */

double now(void);
/* Runs `work(argument, i)` for i = 0 .. threads - 1, each on a thread of its own, and returns the seconds until all are done. */
double on_threads(int threads, void (*work)(void *, int), void *argument);
