/*
 * repeat.c - what each host wrote last, for lines that say that it was repeated.
 *
 * Of HOSTS hosts, those that wrote longest ago go first; a line over LINE_MAX bytes is
 * not kept. A count that is none, 0 or over REPEAT_MAX is unknown, and so is the
 * repetition of a repetition.
 */
#include "parse/repeat.h"
#include "parse/syslog_internal.h"

#include <stdlib.h>

enum { HOSTS = 64, HOST_MAX = 255, LINE_MAX = 8192 };

struct last {
	uint64_t hash;
	uint64_t noted; /* a number that grows with each use; 0: empty */
	size_t host_n;
	char host[HOST_MAX];
	bool outcome;
	/* of an outcome; n == 0: it was too long */
	struct buf line;
	size_t tag_n, pid_n;
};

struct repeat {
	struct last last[HOSTS];
	struct last *current; /* the host that wrote last; NULL: none */
	uint64_t notes;
};

struct repeat *
repeat_new(void)
{
	struct repeat *r = calloc(1, sizeof *r);

	for (size_t i = 0; r && i < HOSTS; i++)
		buf_init(&r->last[i].line, LINE_MAX);
	return r;
}

void
repeat_free(struct repeat *r)
{
	for (size_t i = 0; r && i < HOSTS; i++)
		buf_free(&r->last[i].line);
	free(r);
}

static bool
is_host(const struct last *h, struct slice host)
{
	return h->noted > 0 && h->host_n == host.n &&
	       memcmp(h->host, host.p ? host.p : "", host.n) == 0;
}

/* What the host wrote last; NULL: not known. */
static struct last *
find(struct repeat *r, struct slice host, uint64_t hash)
{
	for (size_t i = 0; i < HOSTS; i++) {
		if (r->last[i].hash == hash && is_host(&r->last[i], host))
			return &r->last[i];
	}
	return NULL;
}

/* Its place, or that of the host that wrote longest ago. */
static struct last *
place(struct repeat *r, struct slice host)
{
	uint64_t hash = hash64_of(host);
	struct last *h = find(r, host, hash);

	if (h)
		return h;
	h = &r->last[0];
	for (size_t i = 1; i < HOSTS; i++) {
		if (r->last[i].noted < h->noted)
			h = &r->last[i];
	}
	h->hash = hash;
	h->host_n = host.n;
	memcpy(h->host, host.p ? host.p : "", host.n);
	h->outcome = false;
	buf_clear(&h->line);
	return h;
}

static void
keep(struct last *h, const struct syslog_line *l)
{
	struct slice kept = buf_slice(&h->line);

	/* noted again, from here: "last message repeated" may come again */
	if (h->outcome && kept.n > 0 && l->message.n > 0 &&
	    l->message.p == kept.p + h->tag_n + h->pid_n)
		return;
	buf_clear(&h->line);
	h->line.failed = false;
	(void)buf_add(&h->line, l->tag);
	(void)buf_add(&h->line, l->pid);
	(void)buf_add(&h->line, l->message);
	if (h->line.failed)
		buf_clear(&h->line);
	h->tag_n = l->tag.n;
	h->pid_n = l->pid.n;
}

void
repeat_note(struct repeat *r, const struct syslog_line *l, bool outcome)
{
	struct last *h = r->current;

	if (!l || l->host.n > HOST_MAX) {
		for (size_t i = 0; i < HOSTS; i++)
			r->last[i].noted = 0;
		r->current = NULL;
		return;
	}
	if (!h || !is_host(h, l->host))
		h = r->current = place(r, l->host);
	h->noted = ++r->notes;
	if (outcome)
		keep(h, l);
	h->outcome = outcome;
}

/* "3 times" at the start of *in, which moves behind it: 3, or REPEAT_UNKNOWN. */
static int
take_times(struct slice *in)
{
	struct slice number = { in->p, slice_find(*in, ' ') };
	uint64_t times;

	*in = slice_from(*in, number.n + 1);
	if (!slice_starts(*in, SLICE("time")))
		return REPEAT_UNKNOWN;
	*in = slice_from(*in, 4);
	if (in->n > 0 && in->p[0] == 's')
		*in = slice_from(*in, 1);
	if (!slice_u64(number, &times) || times == 0 || times > REPEAT_MAX)
		return REPEAT_UNKNOWN;
	return (int)times;
}

static const struct slice bracket = { "message repeated ", 17 };
static const struct slice bare = { "last message repeated ", 22 };

/* `message repeated 3 times: [ MESSAGE]`; a line that was cut has no end. */
static int
of_bracket(struct syslog_line *l)
{
	struct slice in = slice_from(l->message, bracket.n);
	int times = take_times(&in);

	if (times < 0 || !slice_starts(in, SLICE(": [")))
		return REPEAT_UNKNOWN;
	in = slice_from(in, 3);
	while (in.n > 0 && in.p[0] == ' ')
		in = slice_from(in, 1);
	if (in.n > 0 && in.p[in.n - 1] == ']')
		in.n--;
	if (slice_starts(in, bracket) || slice_starts(in, bare))
		return REPEAT_UNKNOWN;
	l->message = syslog_trim(in);
	return times;
}

static int
of_last(struct repeat *r, struct syslog_line *l)
{
	struct slice in = slice_from(l->message, bare.n);
	const struct last *h = find(r, l->host, hash64_of(l->host));
	int times = take_times(&in);

	if (times < 0 || in.n > 0 || !h)
		return REPEAT_UNKNOWN;
	if (!h->outcome) {
		l->tag = l->pid = l->message = (struct slice){ 0 };
		return 1;
	}
	struct slice line = buf_slice(&h->line);
	if (line.n == 0)
		return REPEAT_UNKNOWN;
	l->tag = (struct slice){ line.p, h->tag_n };
	l->pid = (struct slice){ line.p + h->tag_n, h->pid_n };
	l->message = slice_from(line, h->tag_n + h->pid_n);
	return times;
}

int
repeat_of(struct repeat *r, struct syslog_line *l)
{
	struct slice m = l->message;

	if (m.n < bracket.n || (m.p[0] != 'm' && m.p[0] != 'l'))
		return 0;
	if (slice_starts(m, bracket))
		return of_bracket(l);
	if (slice_starts(m, bare) &&
	    (l->tag.n == 0 || slice_eq(l->tag, SLICE("syslogd"))))
		return of_last(r, l);
	return 0;
}
