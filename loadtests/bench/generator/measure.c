/* What is measured: latency histograms on one clock, and CPU and memory of processes. */
#define _GNU_SOURCE
#include "generator.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define STEP_US 10    /* resolution */
#define STEPS 1500000 /* up to 15 s */

double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000.0 + t.tv_nsec / 1e6;
}

struct histogram new_histogram(void) {
    struct histogram h = {calloc(STEPS, sizeof *h.counts)};
    return h;
}

void note(struct histogram h, double ms) {
    long step = (long)(ms * 1000 / STEP_US);
    h.counts[step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step]++;
}

double quantile(struct histogram h, double share) {
    double all = 0, seen = 0;
    for (long i = 0; i < STEPS; i++) all += h.counts[i];
    if (all == 0) return -1;
    for (long i = 0; i < STEPS; i++)
        if ((seen += h.counts[i]) >= share * all) return (i + 1) * STEP_US / 1000.0;
    return STEPS * STEP_US / 1000.0;
}

void die(const char *what) {
    fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

double cpu_of(int pid) { /* of all its threads */
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t)) return -1;
    return t.tv_sec + t.tv_nsec / 1e9;
}

double own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6 + u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6;
}

long rss_of(int pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    fclose(file);
    return kib;
}
