/* Counts messages with libmosquitto and does nothing else: what a C client costs before anything is decoded. */

#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static long wanted, received;
static struct rusage used_at_begin;
static struct timespec begin;

static double seconds(struct timeval a, struct timeval b) {
    return (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_usec - a.tv_usec) / 1e6;
}

static void report(void) {
    struct rusage used;
    struct timespec now;
    getrusage(RUSAGE_SELF, &used);
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("{\"messages\": %ld, \"wall_s\": %.9f, \"user_s\": %.9f, \"system_s\": %.9f, \"rss_kb\": %ld, "
           "\"checksum\": \"\"}\n",
           received,
           (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9,
           seconds(used_at_begin.ru_utime, used.ru_utime), seconds(used_at_begin.ru_stime, used.ru_stime),
           used.ru_maxrss);
    exit(0);
}

static void on_connect(struct mosquitto *client, void *data, int code) {
    (void)data;
    if (code == 0) mosquitto_subscribe(client, NULL, "spBv1.0/#", 0);
}

static void on_message(struct mosquitto *client, void *data, const struct mosquitto_message *message) {
    (void)client;
    (void)data;
    if (strstr(message->topic, "/DDATA/") == NULL) return;
    if (received == 0) {
        getrusage(RUSAGE_SELF, &used_at_begin);
        clock_gettime(CLOCK_MONOTONIC, &begin);
    }
    if (++received == wanted) report();
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    wanted = atol(arguments[2]);
    mosquitto_lib_init();
    struct mosquitto *client = mosquitto_new("bench-c", true, NULL);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_message_callback_set(client, on_message);
    if (mosquitto_connect(client, "127.0.0.1", atoi(arguments[1]), 60) != MOSQ_ERR_SUCCESS) return 1;
    return mosquitto_loop_forever(client, -1, 1);
}
