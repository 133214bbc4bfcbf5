/*
 * discard.c - `discard --expect N [--key TEXT] [--counts FILE]`: an HTTP sink that
 * reads, counts and forgets.
 *
 * Says `port N` when it listens, `all NS` (CLOCK_MONOTONIC) when N events came, and its
 * sums on SIGTERM. An event is one occurrence of TEXT (default `"id":"`) in a body. A
 * recipient `t<NS>@` carries the time of its write(): the latencies are summed up, too.
 * HTTP/1.1 with Content-Length, keep-alive, no chunked bodies: enough for the bench.
 */
#include "count_alloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, LATENCIES = 1 << 20, BODY_MAX = 64 << 20 };

struct connection {
	char *p;
	size_t n, cap;
	bool told_continue;
};

static struct sink {
	const char *key;
	uint64_t expect, events, requests, bytes;
	struct counts *counts;
	uint64_t *latency;
	size_t nlatencies;
	struct pollfd
	    fd[CONNECTIONS + 2]; /* the listening socket, signals, connections */
	struct connection connection[CONNECTIONS + 2];
	nfds_t nfds;
} sink = { .key = "\"id\":\"", .expect = UINT64_MAX, .nfds = 2 };

static uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t
count_key(const char *p, const char *end, const char *key)
{
	size_t n = strlen(key);
	uint64_t found = 0;

	while ((p = memmem(p, (size_t)(end - p), key, n))) {
		found++;
		p += n;
	}
	return found;
}

static void
take_latencies(const char *p, const char *end, uint64_t now)
{
	static const char key[] = "\"recipient\":\"t";

	while ((p = memmem(p, (size_t)(end - p), key, sizeof key - 1))) {
		char *stop = NULL;
		p += sizeof key - 1;
		uint64_t sent = strtoull(p, &stop, 10);
		if (*stop == '@' && sink.nlatencies < LATENCIES && sent < now)
			sink.latency[sink.nlatencies++] = now - sent;
	}
}

static void
snapshot(uint64_t before)
{
	struct counts *c = sink.counts;

	if (c && before < sink.expect / 2 && sink.events >= sink.expect / 2) {
		memcpy(c->half, c->now, sizeof c->half);
		c->half_events = sink.events;
	}
	if (before >= sink.expect || sink.events < sink.expect)
		return;
	if (c) {
		memcpy(c->all, c->now, sizeof c->all);
		c->all_events = sink.events;
	}
	(void)printf("all %llu\n", (unsigned long long)now_ns());
}

static void
take_body(const char *p, size_t n)
{
	uint64_t now = now_ns(), before = sink.events;

	sink.requests++;
	sink.bytes += n;
	sink.events += count_key(p, p + n, sink.key);
	take_latencies(p, p + n, now);
	snapshot(before);
}

static size_t
content_length(const char *p, const char *end)
{
	static const char key[] = "\r\nContent-Length:";

	for (; p + sizeof key < end; p++) {
		if (*p == '\r' && !strncasecmp(p, key, sizeof key - 1))
			return strtoull(p + sizeof key - 1, NULL, 10);
	}
	return 0;
}

static bool
say(int fd, const char *text)
{
	size_t n = strlen(text);

	return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* All whole requests of a connection; false: it is to be closed. */
static bool
take_requests(int fd, struct connection *c)
{
	size_t at = 0;
	bool ok = true;

	while (ok) {
		char *p = c->p + at;
		char *end = memmem(p, c->n - at, "\r\n\r\n", 4);
		if (!end)
			break;
		size_t head = (size_t)(end - p) + 4, body = content_length(p, end + 2);
		if (body > BODY_MAX)
			return false;
		if (c->n - at < head + body) {
			if (!c->told_continue && memmem(p, head, "100-continue", 12))
				ok = say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
			c->told_continue = true;
			break;
		}
		take_body(p + head, body);
		ok = say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
		at += head + body;
		c->told_continue = false;
	}
	memmove(c->p, c->p + at, c->n - at);
	c->n -= at;
	return ok;
}

static bool
read_more(int fd, struct connection *c)
{
	if (c->cap - c->n < 256 * 1024) {
		char *p = realloc(c->p, c->cap = 2 * c->cap + 512 * 1024);
		if (!p || c->cap > 4ull * BODY_MAX)
			return false;
		c->p = p;
	}
	ssize_t n = recv(fd, c->p + c->n, c->cap - c->n - 1, 0);
	if (n <= 0)
		return n < 0 && errno == EINTR;
	c->n += (size_t)n;
	c->p[c->n] = '\0';
	return take_requests(fd, c);
}

static void
take_connection(void)
{
	int fd = accept4(sink.fd[0].fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (sink.nfds == CONNECTIONS + 2) {
		(void)close(fd);
		return;
	}
	sink.connection[sink.nfds] = (struct connection){ 0 };
	sink.fd[sink.nfds++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void
serve(void)
{
	while (!sink.fd[1].revents) {
		if (poll(sink.fd, sink.nfds, -1) < 0 && errno != EINTR)
			return;
		for (nfds_t i = sink.nfds; i-- > 2;) {
			if (!sink.fd[i].revents ||
			    read_more(sink.fd[i].fd, &sink.connection[i]))
				continue;
			(void)close(sink.fd[i].fd);
			free(sink.connection[i].p);
			sink.nfds--;
			sink.fd[i] = sink.fd[sink.nfds];
			sink.connection[i] = sink.connection[sink.nfds];
		}
		if (sink.fd[0].revents)
			take_connection();
	}
}

static int
by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
say_sums(void)
{
	size_t n = sink.nlatencies;
	uint64_t *v = sink.latency;

	(void)printf("requests=%llu events=%llu bytes=%llu",
	    (unsigned long long)sink.requests, (unsigned long long)sink.events,
	    (unsigned long long)sink.bytes);
	qsort(v, n, sizeof *v, by_value);
	if (n > 0)
		(void)printf(" timed=%zu p50_ns=%llu p99_ns=%llu max_ns=%llu", n,
		    (unsigned long long)v[n / 2],
		    (unsigned long long)v[n - 1 - n / 100],
		    (unsigned long long)v[n - 1]);
	(void)printf("\n");
}

/* Listens on a free port of 127.0.0.1 and says which. */
static int
open_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, n) < 0 || listen(fd, 64) < 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) < 0) {
		perror("discard: listen");
		exit(EX_UNAVAILABLE);
	}
	(void)printf("port %d\n", ntohs(at.sin_port));
	return fd;
}

static struct counts *
open_counts(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *p = MAP_FAILED;

	if (fd >= 0)
		p = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		perror(path);
		exit(EX_NOINPUT);
	}
	(void)close(fd);
	return p;
}

int
main(int argc, char **argv)
{
	sigset_t ends;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--expect"))
			sink.expect = strtoull(argv[i + 1], NULL, 10);
		else if (!strcmp(argv[i], "--key"))
			sink.key = argv[i + 1];
		else if (!strcmp(argv[i], "--counts"))
			sink.counts = open_counts(argv[i + 1]);
		else
			return EX_USAGE;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	if (!(sink.latency = malloc(LATENCIES * sizeof *sink.latency)))
		return EX_OSERR;
	sink.fd[1] = (struct pollfd){ .fd = signalfd(-1, &ends, SFD_CLOEXEC),
		.events = POLLIN };
	sink.fd[0] = (struct pollfd){ .fd = open_port(), .events = POLLIN };
	serve();
	say_sums();
	return 0;
}
