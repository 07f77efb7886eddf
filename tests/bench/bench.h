/*
 * bench - the clock and the output line that all benchmarks share.
 *
 * A benchmark calls bench_run for each thing it measures. Each prints "name n min median max unit": @n samples, each
 * the mean of so many calls that it takes about 20 ms. With --smoke one sample of one call shows that it runs at all.
 */
#ifndef FWL_TESTS_BENCH_BENCH_H
#define FWL_TESTS_BENCH_BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base.h"

enum {
    BENCH_SAMPLES = 21,
    BENCH_SAMPLE_NS = 20000000,
};

/** bench_smoke - was the program started with --smoke? */
static inline bool
bench_smoke(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--smoke") == 0;
}

static inline double
bench_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of this process: what else runs on the machine does not count. For what neither waits nor uses threads. */
static inline double
bench_cpu_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int
bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static inline double
bench_sample(void (*call)(void *cookie), void *cookie, uint64_t calls)
{
    double start = bench_ns();

    for (uint64_t i = 0; i < calls; i++) {
        call(cookie);
    }
    return (bench_ns() - start) / (double)calls;
}

/**
 * bench_run - measure @call and print its line.
 *
 * Units: nanoseconds a call when @bytes is 0 (unit "ns"), else the MB/s (1e6 bytes) of a call that works on @bytes.
 */
static inline void
bench_run(const char *name, bool smoke, size_t bytes, void (*call)(void *cookie), void *cookie)
{
    double samples[BENCH_SAMPLES];
    size_t count = smoke ? 1 : BENCH_SAMPLES;
    uint64_t calls = 1;

    while (!smoke && bench_sample(call, cookie, calls) * (double)calls < BENCH_SAMPLE_NS) {
        calls *= 2;
    }
    for (size_t i = 0; i < count; i++) {
        double ns = bench_sample(call, cookie, calls);

        samples[i] = bytes == 0 ? ns : (double)bytes * 1e3 / (ns > 0 ? ns : 1);
    }
    qsort(samples, count, sizeof(samples[0]), bench_compare);
    printf("%s %zu %.1f %.1f %.1f %s\n", name, count, samples[0], samples[count / 2], samples[count - 1],
           bytes == 0 ? "ns" : "MB/s");
}

#endif
