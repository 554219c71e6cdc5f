/* The load of the fan-out bench: N WebSocket clients in one epoll loop, and a thread that publishes price updates on Redis.
 *
 * One clock for both ends: every update carries its time of publication, latency is receipt minus that. A window begins
 * after a warm-up; only updates published inside it count, expected = their number x holders of their symbol.
 * It reports its own error as well: CPU, lateness of its publications, time from wake-up to the end of a read batch.
 *
 * With names of symbols as last argument it publishes nothing (Redis and rate are not used) and watches what a running
 * platform publishes: an update counts as published when its first copy arrives, and a line says when all are connected and
 * when the window begins and ends, so that whoever started it can read other counters at the same moments.
 *
 * gcc -O2 -pthread -o generator generator.c; arguments: see `usage`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_SYMBOLS 512
#define READ_BYTES (256 * 1024)
#define STEP_US 10           /* histogram resolution */
#define STEPS 1500000        /* up to 15 s */
#define IN_FLIGHT 200        /* handshakes at once */

enum phase { CONNECTING, SHAKING, OPEN, DEAD };

struct client {
    int fd;
    enum phase phase;
    unsigned char *rest;     /* an incomplete frame */
    size_t rest_bytes, rest_room;
};

static struct {
    const char *host, *path, *key, *origin, *channel, *password;
    int port, redis_port, clients, symbols, each, same, pid, pad;
    double rate, warm_seconds, window_seconds;
} set;

static char *names[MAX_SYMBOLS]; /* the platform's own symbols; none when we publish ours */
static long newest[MAX_SYMBOLS]; /* seq */
static struct client *clients;
static int holders[MAX_SYMBOLS];
static long published[MAX_SYMBOLS], sent_in_window[MAX_SYMBOLS];
static volatile int stop_publishing;
static volatile double window_from, window_to; /* Unix ms */
static unsigned *latency, *lateness, *delay;
static long received, received_bytes, unexpected_closes;
static int opened;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000.0 + t.tv_nsec / 1e6;
}

static void note(unsigned *histogram, double ms) {
    long step = (long)(ms * 1000 / STEP_US);
    histogram[step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step]++;
}

static double quantile(const unsigned *histogram, double share) {
    double all = 0, seen = 0;
    for (long i = 0; i < STEPS; i++) all += histogram[i];
    if (all == 0) return -1;
    for (long i = 0; i < STEPS; i++)
        if ((seen += histogram[i]) >= share * all) return (i + 1) * STEP_US / 1000.0;
    return STEPS * STEP_US / 1000.0;
}

static void die(const char *what) {
    fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double cpu_of_server(void) { /* CPU seconds so far, of all its threads */
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(set.pid, &clock) || clock_gettime(clock, &t)) return -1;
    return t.tv_sec + t.tv_nsec / 1e9;
}

static long rss_of_server(void) { /* KiB */
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", set.pid);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    fclose(file);
    return kib;
}

static double own_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6 + u.ru_stime.tv_sec + u.ru_stime.tv_usec / 1e6;
}

/* ---- publishing */

static int dial(int port, int blocking) {
    int fd = socket(AF_INET, SOCK_STREAM | (blocking ? 0 : SOCK_NONBLOCK), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    if (fd < 0) die("socket");
    inet_pton(AF_INET, set.host, &to.sin_addr);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    return fd;
}

static void send_all(int fd, const char *data, size_t bytes) {
    while (bytes) {
        ssize_t n = send(fd, data, bytes, MSG_NOSIGNAL);
        if (n <= 0) die("redis");
        data += n;
        bytes -= n;
    }
}

static void publish(int fd, int symbol) {
    char line[2048], command[4096];
    double at = now_ms();
    long seq = ++published[symbol];
    int n = snprintf(line, sizeof line,
        "{\"type\":\"price_update\",\"symbol\":\"S%03d\",\"data\":{\"symbol\":\"S%03d\",\"price\":%.2f,\"change\":1.25,"
        "\"changePercent\":0.05,\"volume\":%ld,\"timestamp\":\"2026-06-12T09:15:00.000Z\"%.*s},\"epoch\":\"b%d\",\"fence\":1,"
        "\"seq\":%ld,\"ts\":%.3f}",
        symbol, symbol, 100 + (seq % 5000) / 100.0, 100000 + seq, set.pad,
        ",\"open\":2440.0,\"dayHigh\":2460.0,\"dayLow\":2435.5,\"previousClose\":2438.2,\"source\":\"simulated\","
        "\"sourceTime\":\"2026-06-12T09:15:00.000Z\",\"status\":\"simulated\",\"session\":\"open\"",
        (int)getpid(), seq, at);
    int m = snprintf(command, sizeof command, "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s\r\n$%d\r\n%s\r\n", strlen(set.channel), set.channel, n, line);
    if (at >= window_from && at < window_to) sent_in_window[symbol]++;
    send_all(fd, command, m);
}

static void *publisher(void *unused) {
    (void)unused;
    char answer[65536];
    int fd = dial(set.redis_port, 1);
    if (*set.password) {
        int m = snprintf(answer, sizeof answer, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n", strlen(set.password), set.password);
        send_all(fd, answer, m);
        if (recv(fd, answer, sizeof answer, 0) <= 0 || answer[0] != '+') die("redis AUTH");
    }
    double due = now_ms(), gap = 1000.0 / set.rate;
    for (long i = 0; !stop_publishing; i++) {
        double wait = due - now_ms();
        if (wait > 0) {
            struct timespec t = {(time_t)(wait / 1000), (long)((wait - 1000 * (long)(wait / 1000)) * 1e6)};
            nanosleep(&t, NULL);
        }
        if (due >= window_from && due < window_to) note(lateness, now_ms() - due);
        publish(fd, (int)(i % set.symbols));
        while (recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0) {}
        due += gap;
    }
    close(fd);
    return NULL;
}

/* ---- clients */

static void start(struct client *c, int epoll) {
    c->fd = dial(set.port, 0);
    c->phase = CONNECTING;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
}

static void shake(struct client *c, int epoll) {
    char text[1024], extra[512] = "";
    if (*set.key) snprintf(extra, sizeof extra, "X-Client-Key: %s\r\n", set.key);
    if (*set.origin) snprintf(extra + strlen(extra), sizeof extra - strlen(extra), "Origin: %s\r\n", set.origin);
    int n = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", set.path, set.host, set.port, extra);
    if (send(c->fd, text, n, MSG_NOSIGNAL) != n) die("handshake");
    c->phase = SHAKING;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void send_text(int fd, const char *text, size_t n) { /* mask of zeros: allowed, and cheap */
    unsigned char frame[8192];
    size_t head = 2;
    frame[0] = 0x81;
    if (n < 126) frame[1] = 0x80 | n;
    else { frame[1] = 0x80 | 126; frame[2] = n >> 8; frame[3] = n & 255; head = 4; }
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, text, n);
    if (send(fd, frame, head + 4 + n, MSG_NOSIGNAL) < 0) die("subscribe");
}

static void subscribe(struct client *c, unsigned *seed) {
    char text[6000] = "{\"action\":\"subscribe\",\"symbols\":[", taken[MAX_SYMBOLS] = {0};
    for (int i = 0; i < set.each; i++) {
        int symbol = i;
        if (!set.same) do symbol = rand_r(seed) % set.symbols; while (taken[symbol]);
        taken[symbol] = 1;
        holders[symbol]++;
        if (*names) sprintf(text + strlen(text), "%s\"%s\"", i ? "," : "", names[symbol]);
        else sprintf(text + strlen(text), "%s\"S%03d\"", i ? "," : "", symbol);
    }
    strcat(text, "]}");
    send_text(c->fd, text, strlen(text));
}

static void note_publication(const unsigned char *name, const unsigned char *end) {
    const unsigned char *mark = end - 64 > name ? memmem(end - 64, 64, "\"seq\":", 6) : NULL;
    long seq = mark ? strtol((const char *)mark + 6, NULL, 10) : 0;
    for (int i = 0; i < set.symbols; i++) {
        size_t length = strlen(names[i]);
        if (memcmp(name, names[i], length) || name[length] != '"') continue;
        if (seq > newest[i]) { newest[i] = seq; sent_in_window[i]++; }
        return;
    }
}

static void take_message(const unsigned char *data, size_t n, double at) {
    static const char mark[] = "{\"type\":\"price_update\"", symbol[] = ",\"symbol\":\"";
    if (n < 40 || memcmp(data, mark, sizeof mark - 1)) return;
    const unsigned char *colon = data + n;
    while (colon > data && *colon != ':') colon--;
    double ts = strtod((const char *)colon + 1, NULL);
    if (ts < window_from || ts >= window_to) return;
    if (*names) note_publication(data + sizeof mark - 1 + sizeof symbol - 1, data + n);
    received++;
    received_bytes += n;
    note(latency, at - ts);
}

static size_t take_frames(struct client *c, unsigned char *data, size_t n, double at) {
    size_t used = 0;
    while (n - used >= 2) {
        unsigned char *f = data + used;
        size_t length = f[1] & 127, head = 2;
        if (length == 126) { head = 4; if (n - used < 4) break; length = f[2] << 8 | f[3]; }
        else if (length == 127) { head = 10; if (n - used < 10) break; length = 0; for (int i = 2; i < 10; i++) length = length << 8 | f[i]; }
        if (n - used < head + length) break;
        int code = f[0] & 15;
        if (code == 1) { /* the byte after a message is ours to overwrite only inside the buffer: strtod stops at '}' */
            take_message(f + head, length, at);
        } else if (code == 9) {
            unsigned char pong[6] = {0x8A, 0x80};
            if (send(c->fd, pong, 6, MSG_NOSIGNAL) < 0) {}
        }
        used += head + length;
    }
    return used;
}

static void lose(struct client *c, int epoll) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->phase = DEAD;
    unexpected_closes++;
}

static void read_from(struct client *c, int epoll, unsigned *seed) {
    static unsigned char buffer[READ_BYTES * 2 + 16];
    memcpy(buffer, c->rest, c->rest_bytes);
    ssize_t n = recv(c->fd, buffer + c->rest_bytes, READ_BYTES, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { lose(c, epoll); return; }
    size_t have = c->rest_bytes + n, used = 0;
    buffer[have] = 0;
    if (c->phase == SHAKING) {
        unsigned char *end = memmem(buffer, have, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, "HTTP/1.1 101", 12)) { fprintf(stderr, "generator: refused: %.200s\n", buffer); exit(1); }
            used = end + 4 - buffer;
            c->phase = OPEN;
            opened++;
            subscribe(c, seed);
        }
    }
    if (c->phase == OPEN) used += take_frames(c, buffer + used, have - used, now_ms());
    c->rest_bytes = have - used;
    if (c->rest_bytes > c->rest_room) c->rest = realloc(c->rest, c->rest_room = c->rest_bytes);
    memcpy(c->rest, buffer + used, c->rest_bytes);
}

static int started;

static void pump(int epoll, double until, unsigned *seed) { /* until Unix ms, or until all are open when 0 */
    struct epoll_event events[1024];
    while (until ? now_ms() < until : opened < set.clients) {
        while (!until && started < set.clients && started - opened < IN_FLIGHT) start(&clients[started++], epoll);
        int n = epoll_wait(epoll, events, 1024, 10);
        double woke = now_ms();
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c->phase == CONNECTING) shake(c, epoll);
            else if (c->phase != DEAD) read_from(c, epoll, seed);
        }
        if (n && woke >= window_from && woke < window_to) note(delay, now_ms() - woke);
    }
}

static void say(const char *phase) { /* for whoever reads along; the result is the last line */
    if (!*names) return;
    printf("%s %d\n", phase, opened);
    fflush(stdout);
}

static void take_leave(int epoll, unsigned *seed) { /* a running platform should not count our ends as losses */
    static const unsigned char close_1000[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8};
    for (int i = 0; i < set.clients; i++)
        if (clients[i].phase == OPEN && send(clients[i].fd, close_1000, sizeof close_1000, MSG_NOSIGNAL) < 0) {}
    pump(epoll, now_ms() + 1000, seed);
}

static void split_names(char *list) {
    set.symbols = 0;
    for (char *name = strtok(list, ","); name && set.symbols < MAX_SYMBOLS; name = strtok(NULL, ",")) names[set.symbols++] = name;
    if (set.each > set.symbols) set.each = set.symbols;
}

static void usage(void) {
    fprintf(stderr, "generator host port path key origin redis_port channel password clients symbols each same|random rate warm window pid pad [names]\n");
    exit(2);
}

int main(int argc, char **argv) {
    if (argc != 18 && argc != 19) usage();
    int a = 1;
    set.host = argv[a++]; set.port = atoi(argv[a++]); set.path = argv[a++]; set.key = argv[a++]; set.origin = argv[a++];
    set.redis_port = atoi(argv[a++]); set.channel = argv[a++]; set.password = argv[a++];
    set.clients = atoi(argv[a++]); set.symbols = atoi(argv[a++]); set.each = atoi(argv[a++]); set.same = !strcmp(argv[a++], "same");
    set.rate = atof(argv[a++]); set.warm_seconds = atof(argv[a++]); set.window_seconds = atof(argv[a++]);
    set.pid = atoi(argv[a++]); set.pad = atoi(argv[a++]);
    if (argc == 19) split_names(argv[a]);
    latency = calloc(STEPS, sizeof *latency); lateness = calloc(STEPS, sizeof *lateness); delay = calloc(STEPS, sizeof *delay);
    clients = calloc(set.clients, sizeof *clients);
    int epoll = epoll_create1(0);
    unsigned seed = 7;
    long rss_before = rss_of_server();
    double began = now_ms();
    pump(epoll, 0, &seed);
    double connect_seconds = (now_ms() - began) / 1000;
    pump(epoll, now_ms() + 1000, &seed);
    long rss_after = rss_of_server();
    say("open");
    window_from = now_ms() + set.warm_seconds * 1000;
    window_to = window_from + set.window_seconds * 1000;
    pthread_t thread;
    if (!*names) pthread_create(&thread, NULL, publisher, NULL);
    pump(epoll, window_from, &seed);
    say("from");
    double cpu = cpu_of_server(), mine = own_cpu();
    pump(epoll, window_to, &seed);
    double server_cpu = cpu_of_server() - cpu, my_cpu = own_cpu() - mine;
    say("to");
    stop_publishing = 1;
    if (!*names) pthread_join(thread, NULL);
    pump(epoll, now_ms() + 3000, &seed); /* what is still under way */
    long lost = unexpected_closes;
    if (*names) take_leave(epoll, &seed);
    double expected = 0;
    for (int i = 0; i < set.symbols; i++) expected += (double)sent_in_window[i] * holders[i];
    printf("{\"connections\":%d,\"connect_seconds\":%.2f,\"expected\":%.0f,\"received\":%ld,\"reach\":%.5f,\"p50_ms\":%.2f,\"p95_ms\":%.2f,"
           "\"p99_ms\":%.2f,\"server_cpu_seconds\":%.3f,\"cpu_s_per_million\":%.3f,\"generator_cpu\":%.3f,\"publish_lateness_p99_ms\":%.2f,"
           "\"read_delay_p99_ms\":%.2f,\"kib_per_connection\":%.2f,\"rss_kib\":%ld,\"bytes_per_message\":%.0f,\"unexpected_closes\":%ld}\n",
           opened, connect_seconds, expected, received, expected ? received / expected : 0, quantile(latency, .5), quantile(latency, .95),
           quantile(latency, .99), server_cpu, received ? server_cpu / received * 1e6 : -1, my_cpu / set.window_seconds,
           quantile(lateness, .99), quantile(delay, .99), (double)(rss_after - rss_before) / set.clients, rss_of_server(),
           received ? (double)received_bytes / received : 0, lost);
    return 0;
}
