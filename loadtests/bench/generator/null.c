/* The null server: its end of every connection lies in this same process, frames are stamped just before their own write.
 * What is measured then is the generator alone: the error bar of everything else, and the proof that it keeps up. */
#define _GNU_SOURCE
#include "generator.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

long null_sent; /* frames stamped inside the window */

static int listener = -1, port;
static int far_end[1 << 17]; /* by the client's descriptor */
static int *watchers[MAX_SYMBOLS], watching[MAX_SYMBOLS];

static void listen_here(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 16)) die("null server");
    getsockname(listener, (struct sockaddr *)&here, &size);
    port = ntohs(here.sin_port);
}

int null_accept(void) {
    int one = 1;
    if (listener < 0) listen_here();
    int fd = dial("127.0.0.1", port, 1), far = accept(listener, NULL, NULL);
    if (far < 0 || fd >= 1 << 17) die("null accept");
    setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    far_end[fd] = far;
    return fd;
}

void null_watch(int symbol, int client_fd) {
    if (!watchers[symbol]) watchers[symbol] = calloc(set.clients, sizeof(int));
    watchers[symbol][watching[symbol]++] = far_end[client_fd];
}

void null_publish(int symbol, const char *line, int bytes, int stamp_at) {
    unsigned char frame[4200] = {0x81, 126, bytes >> 8, bytes & 255};
    memcpy(frame + 4, line, bytes);
    for (int i = 0; i < watching[symbol]; i++) {
        double at = now_ms();
        if (at >= window_from && at < window_to) null_sent++;
        sprintf((char *)frame + 4 + stamp_at, "%.3f}", at);
        if (send(watchers[symbol][i], frame, bytes + 4, MSG_NOSIGNAL) != bytes + 4) die("null send");
    }
}
