/*
 * cmd_sink.c - `bouncefeed sink`: options, the listening socket, the end.
 *
 * Says where it listens on stderr once it does (port 0 picks a free one), ends on
 * SIGTERM and SIGINT with a summary. Answers 0, EX_USAGE, EX_UNAVAILABLE where it
 * cannot listen, EX_IOERR where standard output cannot be written.
 */
#include "app/app.h"
#include "app/sink.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

static const char help[] =
    "usage: bouncefeed sink [--listen ADDR:PORT] [--status CODE] [--fail-every N] "
    "[--delay MS]\n"
    "\n"
    "A backend to try things against: takes batches, checks them, prints their events "
    "as\n"
    "JSON Lines on standard output before it answers. A batch that comes again under "
    "its\n"
    "Idempotency-Key is answered as before and not printed again.\n"
    "\n"
    "  --listen ADDR:PORT  where (default 127.0.0.1:8025; port 0 picks a free one;\n"
    "                      IPv6 as [::1]:8025)\n"
    "  --status CODE       answer every request with CODE (200 to 599); nothing is\n"
    "                      printed unless it is a 2xx\n"
    "  --fail-every N      answer each N-th request with 503 and print nothing of it\n"
    "  --delay MS          wait before the answer (at most 3600000)\n";

static int
usage(const char *what, const char *value)
{
	(void)fprintf(stderr, "bouncefeed sink: %s%s\nTry bouncefeed sink --help.\n",
	    what, value);
	return EX_USAGE;
}

/* "127.0.0.1:8025", "[::1]:8025" or "localhost:8025", split; false: not of that form.
 */
static bool
listen_split(struct slice text, char host[NI_MAXHOST], char port[NI_MAXSERV])
{
	size_t colon = slice_rfind(text, ':');
	struct slice h = { text.p, colon };
	struct slice p = slice_from(text, colon + 1);
	uint64_t number;

	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = (struct slice){ h.p + 1, h.n - 2 };
	else if (slice_find(h, ':') < h.n)
		return false; /* IPv6 without brackets: which part is the port? */
	if (h.n == 0 || h.n >= NI_MAXHOST || !slice_u64(p, &number) ||
	    number > UINT16_MAX)
		return false;
	(void)snprintf(host, NI_MAXHOST, "%.*s", (int)h.n, h.p);
	(void)snprintf(port, NI_MAXSERV, "%" PRIu64, number);
	return true;
}

static int
listen_on(const struct addrinfo *ai)
{
	int on = 1;
	int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
		int rc = -errno;
		(void)close(fd);
		return rc;
	}
	return fd;
}

/* The socket, or an exit code in *rc_out and a message said. */
static int
listen_open(const char *where, int *rc_out)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];
	struct addrinfo *found = NULL;

	if (!listen_split(slice_of(where), host, port)) {
		*rc_out = usage("--listen wants ADDR:PORT, not ", where);
		return -1;
	}
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0) {
		(void)fprintf(
		    stderr, "bouncefeed sink: %s: %s\n", where, gai_strerror(rc));
		*rc_out = EX_USAGE;
		return -1;
	}
	int fd = listen_on(found);
	freeaddrinfo(found);
	if (fd < 0) {
		(void)fprintf(stderr, "bouncefeed sink: listen on %s: %s\n", where,
		    strerror(-fd));
		*rc_out = EX_UNAVAILABLE;
	}
	return fd;
}

static void
say_listening(int fd)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;
	char host[NI_MAXHOST];
	char port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&at, &n) < 0 ||
	    getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	bool v6 = at.ss_family == AF_INET6;
	(void)fprintf(stderr, "bouncefeed sink: listening on http://%s%s%s:%s/\n",
	    v6 ? "[" : "", host, v6 ? "]" : "", port);
}

static int
serve(int fd, const struct sink_options *o)
{
	struct err e = { 0 };
	sigset_t ends;
	int got;

	/* before the threads start: they inherit the mask, and sigwait() gets the
	 * signal */
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);

	struct sink *s = sink_start(fd, o, &e);
	if (!s) {
		(void)fprintf(stderr, "bouncefeed sink: %s\n", e.text);
		return EX_UNAVAILABLE;
	}
	say_listening(fd);
	while (sigwait(&ends, &got) != 0)
		;
	struct sink_counts c = sink_stop(s);
	(void)fprintf(stderr,
	    "bouncefeed sink: %" PRIu64 " requests, %" PRIu64 " batches taken, %" PRIu64
	    " repeated, %" PRIu64 " events\n",
	    c.requests, c.batches, c.repeats, c.events);
	return c.failed ? EX_IOERR : EX_OK;
}

enum { OPT_LISTEN = 1, OPT_STATUS, OPT_FAIL_EVERY, OPT_DELAY, OPT_HELP };

static const struct option options[] = {
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "status", required_argument, NULL, OPT_STATUS },
	{ "fail-every", required_argument, NULL, OPT_FAIL_EVERY },
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const struct limit {
	int option;
	uint64_t min;
	uint64_t max;
	const char *complaint;
} limits[] = {
	{ OPT_STATUS, 200, 599, "--status wants 200 to 599, not " },
	{ OPT_FAIL_EVERY, 1, UINT64_MAX, "--fail-every wants a number above 0, not " },
	{ OPT_DELAY, 0, SINK_DELAY_MAX,
	    "--delay wants milliseconds, up to an hour, not " },
};

/* NULL, or why `text` is no value for the option. */
static const char *
option_number(int option, const char *text, uint64_t *out)
{
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		const struct limit *l = &limits[i];
		if (l->option == option &&
		    (!slice_u64(slice_of(text), out) || *out < l->min || *out > l->max))
			return l->complaint;
	}
	return NULL;
}

int
cmd_sink(int argc, char **argv)
{
	struct sink_options o = { 0 };
	const char *where = "127.0.0.1:8025";
	int c;
	int rc = EX_OK;

	optind = 0; /* main may have read its own options: GNU's way to start anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		uint64_t n = 0;
		if (c == ':')
			return usage("a value is missing after ", argv[optind - 1]);
		const char *complaint = option_number(c, optarg, &n);
		if (complaint)
			return usage(complaint, optarg);
		switch (c) {
		case OPT_LISTEN:
			where = optarg;
			break;
		case OPT_STATUS:
			o.status = (unsigned)n;
			break;
		case OPT_FAIL_EVERY:
			o.fail_every = n;
			break;
		case OPT_DELAY:
			o.delay_ms = n;
			break;
		case OPT_HELP:
			return fputs(help, stdout) < 0 || fflush(stdout) != 0 ? EX_IOERR
									      : EX_OK;
		default:
			return usage("unknown option ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage("takes no argument: ", argv[optind]);
	int fd = listen_open(where, &rc);
	return fd < 0 ? rc : serve(fd, &o);
}
