/* The load of the fan-out bench: N WebSocket clients in one epoll loop, and a thread that publishes price updates on Redis.
 *
 * One clock for both ends. A window begins after a warm-up; only updates published inside it count, expected = their number
 * x holders of their symbol. It reports its own error as well: CPU, lateness of its publications, time from wake-up to the
 * end of a read batch. Without a port it measures nothing but itself (null.c). The answer is one JSON object on stdout.
 *
 * With names of symbols as last argument it publishes nothing (Redis and rate are not used) and watches what a running
 * platform publishes: an update counts as published when its first copy arrives, and a line says when all are connected and
 * when the window begins and ends, so that whoever started it can read other counters at the same moments.
 *
 * gcc -O2 -pthread -o generator *.c; arguments: see `usage`.
 */
#define _GNU_SOURCE
#include "generator.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LAST_MS 3000 /* how long what is under way may take after the window */

struct settings set;
volatile double window_from, window_to;

static void usage(void) {
    fprintf(stderr, "generator host ports path key origin redis_port channel password clients symbols each same|random rate "
                    "warm_seconds window_seconds pids pad     (ports and pids: with commas, may be empty or 0) [names]\n");
    exit(2);
}

static int numbers(char *text, int *into) {
    int count = 0;
    for (char *word = strtok(text, ","); word && count < MAX_SERVERS; word = strtok(NULL, ","))
        if (atoi(word)) into[count++] = atoi(word);
    return count;
}

static void watch(char *list) {
    set.is_watching = 1;
    set.symbols = 0;
    for (char *name = strtok(list, ","); name && set.symbols < MAX_SYMBOLS; name = strtok(NULL, ",")) set.names[set.symbols++] = name;
    if (set.each > set.symbols) set.each = set.symbols;
}

static void read_arguments(int argc, char **argv) {
    if (argc != 18 && argc != 19) usage();
    int a = 1;
    set.host = argv[a++]; set.port_count = numbers(argv[a++], set.ports);
    set.path = argv[a++]; set.key = argv[a++]; set.origin = argv[a++];
    set.redis_port = atoi(argv[a++]); set.channel = argv[a++]; set.password = argv[a++];
    set.clients = atoi(argv[a++]); set.symbols = atoi(argv[a++]); set.each = atoi(argv[a++]); set.same = !strcmp(argv[a++], "same");
    set.rate = atof(argv[a++]); set.warm_seconds = atof(argv[a++]); set.window_seconds = atof(argv[a++]);
    set.pid_count = numbers(argv[a++], set.pids); set.pad = atoi(argv[a++]);
    if (argc == 19) watch(argv[a]);
    if (set.symbols > MAX_SYMBOLS || set.each > set.symbols) usage();
}

static double expected(void) {
    double sum = null_sent;
    if (!set.port_count) return sum;
    for (int i = 0; i < set.symbols; i++) sum += (double)sent_in_window[i] * holders[i];
    return sum;
}

static void say(const char *phase) {
    if (!set.is_watching) return;
    printf("%s %d\n", phase, opened);
    fflush(stdout);
}

static void print_list(const char *name, const double *values) {
    printf("\"%s\":[", name);
    for (int i = 0; i < set.pid_count; i++) printf("%s%.3f", i ? "," : "", values[i]);
    printf("],");
}

static void print_result(double connect_seconds, double generator_cpu, const double *cpu, const double *grown_kib, long lost) {
    double all_cpu = 0, all_kib = 0;
    for (int i = 0; i < set.pid_count; i++) all_cpu += cpu[i], all_kib += grown_kib[i];
    printf("{\"connections\":%d,\"connect_seconds\":%.2f,\"expected\":%.0f,\"received\":%ld,\"reach\":%.5f,\"p50_ms\":%.2f,\"p95_ms\":%.2f,"
           "\"p99_ms\":%.2f,\"generator_cpu\":%.3f,\"publish_lateness_p99_ms\":%.2f,\"read_delay_p99_ms\":%.2f,",
           opened, connect_seconds, expected(), received, expected() ? received / expected() : 0, quantile(latency, .5),
           quantile(latency, .95), quantile(latency, .99), generator_cpu, quantile(lateness, .99), quantile(read_delay, .99));
    print_list("cpu_seconds", cpu);
    print_list("grown_kib", grown_kib);
    printf("\"server_cpu_seconds\":%.3f,\"cpu_s_per_million\":%.3f,\"kib_per_connection\":%.2f,\"bytes_per_message\":%.0f,"
           "\"unexpected_closes\":%ld}\n",
           all_cpu, received ? all_cpu / received * 1e6 : -1, all_kib / set.clients, received ? (double)received_bytes / received : 0, lost);
}

static void allow_many_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
    double cpu[MAX_SERVERS], grown_kib[MAX_SERVERS];
    read_arguments(argc, argv);
    allow_many_files();
    make_clients();
    for (int i = 0; i < set.pid_count; i++) grown_kib[i] = -rss_of(set.pids[i]);
    double began = now_ms();
    pump(0);
    double connect_seconds = (now_ms() - began) / 1000;
    pump(now_ms() + 1000);
    for (int i = 0; i < set.pid_count; i++) grown_kib[i] += rss_of(set.pids[i]);
    say("open");
    window_from = now_ms() + set.warm_seconds * 1000;
    window_to = window_from + set.window_seconds * 1000;
    start_publishing();
    pump(window_from);
    say("from");
    double mine = own_cpu();
    for (int i = 0; i < set.pid_count; i++) cpu[i] = -cpu_of(set.pids[i]);
    pump(window_to);
    for (int i = 0; i < set.pid_count; i++) cpu[i] += cpu_of(set.pids[i]);
    mine = own_cpu() - mine;
    say("to");
    stop_publishing();
    for (int i = 0; i < LAST_MS / 50 && (set.is_watching || received < expected()); i++) pump(now_ms() + 50);
    long lost = unexpected_closes;
    if (set.is_watching) take_leave();
    print_result(connect_seconds, mine / set.window_seconds, cpu, grown_kib, lost);
    return 0;
}
