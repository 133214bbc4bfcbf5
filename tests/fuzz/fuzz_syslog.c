/*
 * fuzz_syslog.c - prefixes, times, repetitions and the times in queue ids.
 *
 * Input: a byte that picks zone, clock and anchor, then lines, each of which is shown
 * in a block of its own size. Split, timed and unfolded twice, it gives the same; all
 * parts are readable; a year that was found is not more than a day ahead.
 */
#include "fuzz.h"
#include "parse/repeat.h"
#include "parse/syslog.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 86400 };

struct reading {
	struct syslog *syslog;
	struct repeat *repeat;
	const struct zone *zone;
	int64_t near, anchor;
	struct buf *first, *second;
};

/* All that a line says, parts by length; under ASan this reads every byte. */
static void
log_line(const struct syslog_line *l, bool is, const char *why, struct buf *log)
{
	const struct slice part[] = { l->time, l->host, l->tag, l->pid, l->message };

	(void)buf_printf(log, "%d %s\n", is, why ? why : "");
	if (!is)
		return;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		(void)buf_printf(log, "%zu:", part[i].n);
		(void)buf_add(log, part[i]);
		(void)buf_addc(log, '\n');
	}
	(void)buf_printf(log, "%lld.%09d %u\n", (long long)l->stamp.sec, l->stamp.nsec,
	    l->stamp.digits);
}

static void
log_time(struct reading *r, const struct syslog_line *l, struct buf *log)
{
	struct when t = { 0 };
	int rc = syslog_time(r->syslog, l, r->zone, r->near, r->anchor, &t);

	(void)buf_printf(
	    log, "%d %lld.%09d %u\n", rc, (long long)t.sec, t.nsec, t.digits);
	if (rc < 0)
		return;
	fuzz_check(t.digits <= 9 && t.nsec >= 0 && t.nsec < 1000000000,
	    "digits %u, nsec %d", t.digits, t.nsec);
	bool yearless = l->time.n > 0 && l->time.p[0] >= 'A' && l->time.p[0] <= 'Z';
	fuzz_check(!yearless || r->anchor != 0 || t.sec <= r->near + DAY,
	    "%.*s: later than a day from now", (int)l->time.n, l->time.p);
}

static void
log_ids(const struct reading *r, const struct syslog_line *l, struct buf *log)
{
	struct slice id = { l->message.p, slice_find(l->message, ':') };
	struct when p = { 0 }, s = { 0 };
	bool is_p = queue_id_time_postfix(id, r->near, &p);
	bool is_s = queue_id_time_sendmail(id, r->near, &s);

	fuzz_check(!is_p || (p.sec <= r->near + DAY && p.sec > 631151999 &&
				p.nsec < 1000000000 && p.digits == 6),
	    "%.*s: %lld", (int)id.n, id.p, (long long)p.sec);
	fuzz_check(
	    !is_s || (s.sec <= r->near + DAY && s.sec > 631151999 && s.digits == 0),
	    "%.*s: %lld", (int)id.n, id.p, (long long)s.sec);
	(void)buf_printf(
	    log, "%d %lld %d %lld\n", is_p, (long long)p.sec, is_s, (long long)s.sec);
}

static bool
read_once(struct reading *r, struct slice line, struct syslog_line *l, struct buf *log)
{
	const char *why = "unset";
	bool is = syslog_split(r->syslog, line, l, &why);

	buf_clear(log);
	fuzz_check(!is || !why, "a line, and yet: %s", why);
	log_line(l, is, why, log);
	if (!is)
		return false;
	log_time(r, l, log);
	log_ids(r, l, log);
	struct syslog_line inner = *l;
	int times = repeat_of(r->repeat, &inner);
	fuzz_check(times >= REPEAT_UNKNOWN && times <= REPEAT_MAX, "%d times", times);
	(void)buf_printf(log, "%d times\n", times);
	log_line(&inner, true, NULL, log);
	return true;
}

static void
read_line(struct reading *r, struct slice text)
{
	char *block = malloc(text.n ? text.n : 1);
	struct slice line = { block, text.n };
	struct syslog_line l;

	fuzz_check(block != NULL, "no memory");
	if (text.n > 0)
		memcpy(block, text.p, text.n);
	bool is = read_once(r, line, &l, r->first);
	(void)read_once(r, line, &l, r->second);
	fuzz_same("read again, a line gives something else", buf_slice(r->second),
	    buf_slice(r->first));
	if (!is) {
		repeat_note(r->repeat, NULL, false);
	} else {
		bool outcome = slice_find(l.message, '=') < l.message.n;
		if (repeat_of(r->repeat, &l) != REPEAT_UNKNOWN)
			repeat_note(r->repeat, &l, outcome);
	}
	free(block);
}

void
fuzz_syslog(struct slice in)
{
	static const int64_t nears[] = { 1795305600, 951782400, 1767225600, 0 };
	static struct zone *zone;
	unsigned pick = fuzz_byte(&in);
	struct reading r = { .syslog = syslog_new(),
		.repeat = repeat_new(),
		.near = nears[pick & 3],
		.first = fuzz_buf(0),
		.second = fuzz_buf(1) };

	if (!zone)
		(void)zone_load("America/New_York", &zone);
	r.zone = pick & 4 ? zone : NULL;
	r.anchor = pick & 8 ? r.near - (pick >> 4) * 40 * DAY : 0;
	fuzz_check(r.syslog && r.repeat, "no memory");
	while (in.n > 0) {
		size_t lf = slice_find(in, '\n');
		read_line(&r, (struct slice){ in.p, lf });
		in = slice_from(in, lf + 1);
	}
	syslog_free(r.syslog);
	repeat_free(r.repeat);
}
