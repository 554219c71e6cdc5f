/* Publishes price updates on Redis at a fixed rate, each with its time of publication: latency is receipt minus that. */
#define _GNU_SOURCE
#include "generator.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long sent_in_window[MAX_SYMBOLS];
struct histogram lateness; /* of publications, against their plan */

static long published[MAX_SYMBOLS];
static volatile int is_stopping;
static pthread_t thread;

static const char PAD[] = /* `pad` bytes of it make an update longer; 203 are a whole quote of the API */
    ",\"open\":2440.0,\"dayHigh\":2460.0,\"dayLow\":2435.5,\"previousClose\":2438.2,\"exchange\":\"NSE\",\"currency\":\"INR\",\"source\":\"simulated\","
    "\"sourceTime\":\"2026-06-12T09:15:00.000Z\",\"status\":\"simulated\",\"session\":\"open\"";

static void send_all(int fd, const char *data, size_t bytes) {
    while (bytes) {
        ssize_t n = send(fd, data, bytes, MSG_NOSIGNAL);
        if (n <= 0) die("redis");
        data += n;
        bytes -= n;
    }
}

static int line_of(char *line, size_t room, int symbol, int *stamp_at, double at) {
    long seq = ++published[symbol];
    int n = snprintf(line, room,
        "{\"type\":\"price_update\",\"symbol\":\"S%03d\",\"data\":{\"symbol\":\"S%03d\",\"price\":%.2f,\"change\":1.25,"
        "\"changePercent\":0.05,\"volume\":%ld,\"timestamp\":\"2026-06-12T09:15:00.000Z\"%.*s},\"epoch\":\"b%d\",\"fence\":1,"
        "\"seq\":%ld,\"ts\":",
        symbol, symbol, 100 + (seq % 5000) / 100.0, 100000 + seq, set.pad, PAD, (int)getpid(), seq);
    *stamp_at = n;
    return n + snprintf(line + n, room - n, "%.3f}", at);
}

static void publish(int fd, int symbol) {
    char line[2048], command[4096];
    int stamp_at;
    double at = now_ms();
    int n = line_of(line, sizeof line, symbol, &stamp_at, at);
    if (at >= window_from && at < window_to) sent_in_window[symbol]++;
    if (!set.port_count) {
        null_publish(symbol, line, n, stamp_at);
        return;
    }
    int m = snprintf(command, sizeof command, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n%s\r\n", strlen(set.channel), set.channel, n, line);
    send_all(fd, command, m);
}

static int log_in(void) {
    char answer[1024];
    int fd = dial("127.0.0.1", set.redis_port, 1);
    if (*set.password) {
        int m = snprintf(answer, sizeof answer, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n", strlen(set.password), set.password);
        send_all(fd, answer, m);
        if (recv(fd, answer, sizeof answer, 0) <= 0 || answer[0] != '+') die("redis AUTH");
    }
    return fd;
}

static void *run(void *unused) {
    (void)unused;
    char answer[65536];
    int fd = set.port_count ? log_in() : -1;
    double due = now_ms(), gap = 1000.0 / set.rate;
    for (long i = 0; !is_stopping; i++) {
        double wait = due - now_ms();
        if (wait > 0) {
            struct timespec t = {(time_t)(wait / 1000), (long)((wait - 1000 * (long)(wait / 1000)) * 1e6)};
            nanosleep(&t, NULL);
        }
        if (due >= window_from && due < window_to) note(lateness, now_ms() - due);
        publish(fd, (int)(i % set.symbols));
        while (fd >= 0 && recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0) {}
        due += gap;
    }
    if (fd >= 0) close(fd);
    return NULL;
}

void start_publishing(void) {
    lateness = new_histogram();
    if (!set.is_watching) pthread_create(&thread, NULL, run, NULL);
}

void stop_publishing(void) {
    is_stopping = 1;
    if (!set.is_watching) pthread_join(thread, NULL);
}
