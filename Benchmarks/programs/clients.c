// Clients of a control socket, each with one request on the way at any time.
//
//     clients SOCKET line|http CONNECTIONS REQUESTS REQUEST_FILE
//
// An answer ends with a newline ("line") or with the Content-Length that its head announces ("http"). Prints the
// nanoseconds of the whole, then of each request, one a line. A connection that the server closes is made again,
// within the time of the next request.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_SIZE = 64 * 1024, EVENTS_AT_ONCE = 128 };

struct connection {
    int fd;
    int64_t asked;
    size_t length;
    char answer[ANSWER_SIZE];
};

static char request[ANSWER_SIZE];
static size_t request_length;
static int is_http;
static int epoll;
static struct sockaddr_un address = {.sun_family = AF_UNIX};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void join(struct connection *connection) {
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // A full backlog makes a blocking connect wait; everything after it is driven by epoll.
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0) fail("cannot connect");
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &interest) < 0) fail("cannot watch a connection");
}

static void ask(struct connection *connection) {
    connection->length = 0;
    // Requests are far smaller than a socket's buffer, and the one before has been answered.
    if (send(connection->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) fail("cannot ask");
}

static int is_complete(struct connection *connection) {
    connection->answer[connection->length] = '\0';
    if (!is_http) return connection->answer[connection->length - 1] == '\n';
    char *body = strstr(connection->answer, "\r\n\r\n");
    char *length = strcasestr(connection->answer, "content-length:");
    if (!body || !length || length > body) return 0;
    return connection->length >= (size_t)(body + 4 - connection->answer) + strtoul(length + 15, NULL, 10);
}

/// Returns whether an answer is whole.
static int listen_to(struct connection *connection) {
    size_t room = ANSWER_SIZE - 1 - connection->length;
    ssize_t count = recv(connection->fd, connection->answer + connection->length, room, 0);
    if (count < 0) fail("cannot read an answer");
    if (count == 0) {
        if (connection->length > 0 || !is_http) fail("the server hung up");
        close(connection->fd);
        join(connection);
        ask(connection);
        return 0;
    }
    connection->length += (size_t)count;
    return is_complete(connection);
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: clients SOCKET line|http CONNECTIONS REQUESTS REQUEST_FILE\n");
        return 2;
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
    is_http = strcmp(argv[2], "http") == 0;
    size_t connection_count = strtoul(argv[3], NULL, 10), request_count = strtoul(argv[4], NULL, 10);
    int file = open(argv[5], O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, request, sizeof request);
    if (length <= 0) fail("cannot read the request");
    request_length = (size_t)length;

    epoll = epoll_create1(EPOLL_CLOEXEC);
    struct connection *connections = calloc(connection_count, sizeof *connections);
    int64_t *times = calloc(request_count, sizeof *times);
    if (epoll < 0 || !connections || !times) fail("cannot begin");
    for (size_t i = 0; i < connection_count; i++) join(&connections[i]);

    size_t asked = 0, answered = 0;
    int64_t began = now();
    for (; asked < connection_count && asked < request_count; asked++) {
        connections[asked].asked = now();
        ask(&connections[asked]);
    }
    while (answered < request_count) {
        struct epoll_event events[EVENTS_AT_ONCE];
        int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < ready && answered < request_count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!listen_to(connection)) continue;
            times[answered++] = now() - connection->asked;
            if (asked == request_count) continue;
            asked++;
            connection->asked = now();
            ask(connection);
        }
    }
    printf("%lld\n", (long long)(now() - began));
    for (size_t i = 0; i < request_count; i++) printf("%lld\n", (long long)times[i]);
}
