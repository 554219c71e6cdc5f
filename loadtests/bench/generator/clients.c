/* The clients: WebSocket handshake, subscription, and reading of whole frames, all in one epoll loop. */
#define _GNU_SOURCE
#include "generator.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES (256 * 1024)
#define IN_FLIGHT 200 /* handshakes at once */

enum phase { CONNECTING, SHAKING, OPEN, DEAD };

struct client {
    int fd;
    enum phase phase;
    unsigned char *rest; /* an incomplete frame */
    size_t rest_bytes, rest_room;
};

int opened, holders[MAX_SYMBOLS];
long received, received_bytes, unexpected_closes;
struct histogram latency, read_delay; /* publication to receipt; wake-up to the end of a read batch */

static struct client *clients;
static int started, epoll;
static unsigned seed = 7;
static long newest[MAX_SYMBOLS]; /* seq, of a running platform's symbols */

int dial(const char *host, int port, int blocking) {
    int fd = socket(AF_INET, SOCK_STREAM | (blocking ? 0 : SOCK_NONBLOCK), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    if (fd < 0) die("socket");
    inet_pton(AF_INET, host, &to.sin_addr);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) die("connect");
    return fd;
}

void make_clients(void) {
    latency = new_histogram();
    read_delay = new_histogram();
    clients = calloc(set.clients, sizeof *clients);
    epoll = epoll_create1(0);
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

static void subscribe(struct client *c) {
    char text[6000] = "{\"action\":\"subscribe\",\"symbols\":[", taken[MAX_SYMBOLS] = {0};
    for (int i = 0; i < set.each; i++) {
        int symbol = i;
        if (!set.same) do symbol = rand_r(&seed) % set.symbols; while (taken[symbol]);
        taken[symbol] = 1;
        holders[symbol]++;
        if (!set.port_count) null_watch(symbol, c->fd);
        if (set.is_watching) sprintf(text + strlen(text), "%s\"%s\"", i ? "," : "", set.names[symbol]);
        else sprintf(text + strlen(text), "%s\"S%03d\"", i ? "," : "", symbol);
    }
    strcat(text, "]}");
    if (set.port_count) send_text(c->fd, text, strlen(text));
}

static void be_open(struct client *c) {
    c->phase = OPEN;
    opened++;
    subscribe(c);
}

static void note_publication(const unsigned char *name, const unsigned char *end) {
    const unsigned char *mark = end - 64 > name ? memmem(end - 64, 64, "\"seq\":", 6) : NULL;
    long seq = mark ? strtol((const char *)mark + 6, NULL, 10) : 0;
    for (int i = 0; i < set.symbols; i++) {
        size_t length = strlen(set.names[i]);
        if (memcmp(name, set.names[i], length) || name[length] != '"') continue;
        if (seq > newest[i]) { newest[i] = seq; sent_in_window[i]++; }
        return;
    }
}

static void shake(struct client *c) {
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &e);
    if (!set.port_count) {
        be_open(c);
        return;
    }
    char text[1024], extra[512] = "";
    if (*set.key) snprintf(extra, sizeof extra, "X-Client-Key: %s\r\n", set.key);
    if (*set.origin) snprintf(extra + strlen(extra), sizeof extra - strlen(extra), "Origin: %s\r\n", set.origin);
    int port = set.ports[(c - clients) % set.port_count];
    int n = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", set.path, set.host, port, extra);
    if (send(c->fd, text, n, MSG_NOSIGNAL) != n) die("handshake");
    c->phase = SHAKING;
}

static void take_message(const unsigned char *data, size_t n, double at) {
    static const char mark[] = "{\"type\":\"price_update\"", symbol[] = ",\"symbol\":\"";
    if (n < 40 || memcmp(data, mark, sizeof mark - 1)) return;
    const unsigned char *colon = data + n;
    while (colon > data && *colon != ':') colon--;
    double ts = strtod((const char *)colon + 1, NULL);
    if (ts < window_from || ts >= window_to) return;
    if (set.is_watching) note_publication(data + sizeof mark - 1 + sizeof symbol - 1, data + n);
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

static void lose(struct client *c) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
    close(c->fd);
    c->phase = DEAD;
    unexpected_closes++;
}

static void read_from(struct client *c) {
    static unsigned char buffer[READ_BYTES * 2 + 16];
    memcpy(buffer, c->rest, c->rest_bytes);
    ssize_t n = recv(c->fd, buffer + c->rest_bytes, READ_BYTES, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) { lose(c); return; }
    size_t have = c->rest_bytes + n, used = 0;
    buffer[have] = 0;
    if (c->phase == SHAKING) {
        unsigned char *end = memmem(buffer, have, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, "HTTP/1.1 101", 12)) { fprintf(stderr, "generator: refused: %.200s\n", buffer); exit(1); }
            used = end + 4 - buffer;
            be_open(c);
        }
    }
    if (c->phase == OPEN) used += take_frames(c, buffer + used, have - used, now_ms());
    c->rest_bytes = have - used;
    if (c->rest_bytes > c->rest_room) c->rest = realloc(c->rest, c->rest_room = c->rest_bytes);
    memcpy(c->rest, buffer + used, c->rest_bytes);
}

static void start(struct client *c) {
    c->fd = set.port_count ? dial(set.host, set.ports[(c - clients) % set.port_count], 0) : null_accept();
    c->phase = CONNECTING;
    struct epoll_event e = {.events = EPOLLOUT, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e);
}

void pump(double until) { /* until Unix ms, or until all are open when 0 */
    struct epoll_event events[1024];
    while (until ? now_ms() < until : opened < set.clients) {
        while (!until && started < set.clients && started - opened < IN_FLIGHT) start(&clients[started++]);
        int n = epoll_wait(epoll, events, 1024, 10);
        double woke = now_ms();
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c->phase == CONNECTING) shake(c);
            else if (c->phase != DEAD) read_from(c);
        }
        if (n && woke >= window_from && woke < window_to) note(read_delay, now_ms() - woke);
    }
}

void take_leave(void) { /* a running platform should not count our ends as losses */
    static const unsigned char close_1000[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8};
    for (int i = 0; i < set.clients; i++)
        if (clients[i].phase == OPEN && send(clients[i].fd, close_1000, sizeof close_1000, MSG_NOSIGNAL) < 0) {}
    pump(now_ms() + 1000);
}
