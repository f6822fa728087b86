/* Answers the bench's requests, a JSON document a line, with what the machine can do at most. One unit of every
   ceiling is one thousand million operations, bytes or cycles. The harness is the only one who asks, and it writes
   {"do":"prepare","case":"fma-f32","variant":{"threads":2}}: looking for the words is enough. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceilings.h"

static const struct {
  const char *name;
  double (*measure)(double, int);
} ceilings[] = {{"fma-f32", fma_f32}, {"fma-f64", fma_f64}, {"memory", memory}, {"clock", clock_cycles}};

static double number(const char *line, const char *key, double otherwise) {
  const char *at = strstr(line, key);
  return at ? atof(at + strlen(key)) : otherwise;
}

static int has(const char *line, const char *text) { return strstr(line, text) != 0; }

int main(void) {
  static char line[65536];
  double (*measure)(double, int) = 0;
  double pace = 0;
  int threads = 1;
  while (fgets(line, sizeof line, stdin)) {
    if (has(line, "\"do\":\"hello\"")) {
      printf("{\"name\":\"machine\",\"version\":\"%s\",\"threads\":1,\"cases\":[]}\n", __VERSION__);
    } else if (has(line, "\"do\":\"prepare\"")) {
      measure = 0;
      for (int i = 0; i < (int)(sizeof ceilings / sizeof *ceilings); i++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "\"case\":\"%s\"", ceilings[i].name);
        if (has(line, wanted)) measure = ceilings[i].measure;
      }
      threads = (int)number(line, "\"threads\":", 1);
      if (threads < 1) threads = 1;
      if (measure) {
        measure(0.01, threads);
        pace = measure(0.05, threads);
        puts("{\"check\":[]}");
      } else {
        puts("{\"unsupported\":\"no such ceiling\"}");
      }
    } else if (has(line, "\"do\":\"time\"") && measure) {
      double units = number(line, "\"seconds\":", 0.05) / pace;
      pace = measure(units, threads);
      printf("{\"seconds\":%.9g,\"iterations\":%.9g}\n", pace, units);
    } else if (has(line, "\"do\":\"release\"")) {
      puts("{\"ok\":true}");
    } else {
      puts("{\"error\":\"not understood\"}");
    }
    fflush(stdout);
  }
  return 0;
}
