/* What the parts of the generator know of each other. Times are Unix milliseconds. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include <stddef.h>

#define MAX_SYMBOLS 512
#define MAX_SERVERS 16

struct settings {
    const char *host, *path, *key, *origin, *channel, *password;
    int ports[MAX_SERVERS], port_count; /* client i goes to ports[i % port_count]; none: the null server */
    int pids[MAX_SERVERS], pid_count;   /* processes whose CPU and memory are reported */
    char *names[MAX_SYMBOLS];           /* a running platform's own symbols, with `is_watching` */
    int is_watching;                    /* somebody else publishes: what arrives first counts as published */
    int redis_port, clients, symbols, each, same, pad;
    double rate, warm_seconds, window_seconds;
};

extern struct settings set;
extern volatile double window_from, window_to;

/* measure.c: histograms of milliseconds, CPU seconds, memory */
struct histogram { unsigned *counts; };
struct histogram new_histogram(void);
void note(struct histogram h, double ms);
double quantile(struct histogram h, double share);
double now_ms(void);
double cpu_of(int pid);
double own_cpu(void);
long rss_of(int pid); /* KiB */
void die(const char *what);

/* publisher.c: a thread that publishes at a fixed rate */
extern long sent_in_window[MAX_SYMBOLS];
extern struct histogram lateness;
void start_publishing(void);
void stop_publishing(void);

/* clients.c: all clients in one epoll loop */
extern int opened, holders[MAX_SYMBOLS];
extern long received, received_bytes, unexpected_closes;
extern struct histogram latency, read_delay;
void make_clients(void);
void pump(double until); /* 0: until all are open */
void take_leave(void);
int dial(const char *host, int port, int blocking);

/* null.c: the server that costs nothing, to learn what the generator itself adds */
extern long null_sent;
int null_accept(void);   /* connects to itself; returns the client's end, keeps the other */
void null_watch(int symbol, int client_fd);
void null_publish(int symbol, const char *line, int bytes, int stamp_at);

#endif
