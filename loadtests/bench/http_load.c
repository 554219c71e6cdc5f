/* The load of the API bench: keep-alive HTTP/1.1 GETs over N connections in one epoll loop.
 *
 * rate > 0: open loop, latency counts from the moment a request was due (no coordinated omission); rate 0: each connection
 * asks again as soon as it is answered. Prints one JSON line: requests, errors, p50_ms, p99_ms, rate, late_p99_ms, cpu_s.
 *
 * gcc -O2 -o http_load http_load.c; ./http_load PORT PATH CONNECTIONS RATE WARM_SECONDS WINDOW_SECONDS
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define STEP_US 10
#define STEPS 1000000
#define BUFFER (1 << 20)

struct connection { int fd, busy; double due; char *buffer; size_t used; };

static struct connection pool[MAX_CONNECTIONS];
static int idle[MAX_CONNECTIONS], idle_count, connections, epoll_fd;
static unsigned latency[STEPS], lateness[STEPS];
static long requests, errors;
static double window_from, window_to;
static char request[4096];
static size_t request_bytes;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void note(unsigned *histogram, double seconds) {
    long step = (long)(seconds * 1e6 / STEP_US);
    histogram[step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step]++;
}

static double percentile(const unsigned *histogram, double p) {
    unsigned long total = 0, seen = 0;
    for (int i = 0; i < STEPS; i++) total += histogram[i];
    for (int i = 0; i < STEPS; i++)
        if ((seen += histogram[i]) >= total * p && total) return i * STEP_US / 1000.0;
    return 0;
}

static void fail(const char *what) { perror(what); exit(1); }

static void dial(int index, int port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct connection *c = &pool[index];
    int on = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->buffer = malloc(BUFFER);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll");
    idle[idle_count++] = index;
}

static void ask(double due) {
    struct connection *c = &pool[idle[--idle_count]];
    c->due = due;
    c->busy = 1;
    c->used = 0;
    double t = now();
    if (t >= window_from && t < window_to) note(lateness, t - due);
    if (write(c->fd, request, request_bytes) != (ssize_t)request_bytes) fail("write");
}

/* Whether the buffer holds a whole answer; its status goes to *status. */
static int is_whole(struct connection *c, int *status) {
    c->buffer[c->used] = 0;
    char *end = strstr(c->buffer, "\r\n\r\n");
    if (!end) return 0;
    char *length = strcasestr(c->buffer, "\r\ncontent-length:");
    *status = atoi(c->buffer + 9);
    if (length && length < end)
        return c->used >= (size_t)(end - c->buffer) + 4 + strtoul(length + 17, NULL, 10);
    if (strcasestr(c->buffer, "transfer-encoding: chunked")) return !memcmp(c->buffer + c->used - 5, "0\r\n\r\n", 5);
    return *status == 304;
}

static void receive(int index) {
    struct connection *c = &pool[index];
    ssize_t got = read(c->fd, c->buffer + c->used, BUFFER - 1 - c->used);
    if (got <= 0) fail("read");
    c->used += got;
    int status = 0;
    if (!is_whole(c, &status)) return;
    double t = now();
    if (t >= window_from && t < window_to) {
        requests++;
        if (status != 200) errors++;
        note(latency, t - c->due);
    }
    c->busy = 0;
    idle[idle_count++] = index;
}

int main(int count, char **arguments) {
    if (count != 7) { fprintf(stderr, "usage: http_load PORT PATH CONNECTIONS RATE WARM_SECONDS WINDOW_SECONDS\n"); return 2; }
    int port = atoi(arguments[1]);
    connections = atoi(arguments[3]);
    double rate = atof(arguments[4]), warm = atof(arguments[5]), window = atof(arguments[6]);
    if (connections < 1 || connections > MAX_CONNECTIONS) return 2;
    request_bytes = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\n\r\n", arguments[2]);
    epoll_fd = epoll_create1(0);
    for (int i = 0; i < connections; i++) dial(i, port);
    double begun = now(), due = begun;
    window_from = begun + warm;
    window_to = window_from + window;
    struct epoll_event events[MAX_CONNECTIONS];
    while (now() < window_to) {
        double t = now();
        if (rate > 0)
            for (; due <= t && idle_count; due += 1 / rate) ask(due);
        else
            while (idle_count) ask(now());
        int ready = epoll_wait(epoll_fd, events, MAX_CONNECTIONS, rate > 0 && due - now() < 0.002 ? 0 : 1);
        for (int i = 0; i < ready; i++) receive(events[i].data.u32);
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"requests\": %ld, \"errors\": %ld, \"p50_ms\": %.2f, \"p99_ms\": %.2f, \"rate\": %.0f, \"late_p99_ms\": %.2f, \"cpu_s\": %.2f}\n",
           requests, errors, percentile(latency, 0.50), percentile(latency, 0.99), requests / window, percentile(lateness, 0.99), cpu);
    return 0;
}
