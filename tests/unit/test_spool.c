/*
 * test_spool.c - events to batches: what an output selects, how large a batch gets,
 * when a commit must come first, and that a commit puts everything once.
 */
#include <check.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/spool.h"

Suite *suite_spool(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum { OUTPUTS_MAX = 4, PATH_ROOM = 64 };

static char dir[PATH_ROOM];
static char path[PATH_ROOM + 16];
static struct store *store;
static struct config_output output[OUTPUTS_MAX];
static struct config config;
static struct spool *spool;
static struct err e;

static void
setup(void)
{
	const struct store_options o = { .version = "1" };
	long holder = 0;

	(void)snprintf(dir, sizeof dir, "/tmp/bouncefeed-spool-XXXXXX");
	ck_assert_msg(mkdtemp(dir) != NULL, "mkdtemp: %s", strerror(errno));
	(void)snprintf(path, sizeof path, "%s/state.db", dir);
	int rc = store_open(path, STORE_OWN, &o, &store, &holder, &e);
	ck_assert_msg(rc == 0, "store_open: got %d %s", rc, e.text);
	memset(output, 0, sizeof output);
	config = (struct config){ .output = output };
	spool = NULL;
}

static void
teardown(void)
{
	static const char *const suffix[] = { "", "-wal", "-shm", ".lock" };
	char name[PATH_ROOM + 32];

	spool_free(spool);
	store_close(store);
	for (size_t i = 0; i < COUNT(suffix); i++) {
		(void)snprintf(name, sizeof name, "%s%s", path, suffix[i]);
		(void)unlink(name);
	}
	(void)rmdir(dir);
}

static struct config_output *
add_output(const char *name, uint64_t max_events, uint64_t max_bytes, uint64_t linger)
{
	struct config_output *o = &output[config.noutputs++];

	o->name = (char *)(uintptr_t)name;
	o->format = (char *)(uintptr_t) "ndjson";
	o->batch_max_events = max_events;
	o->batch_max_bytes = max_bytes;
	o->batch_linger = linger;
	return o;
}

static void
make_spool(void)
{
	spool = spool_new(&config, SLICE("mx1"));
	ck_assert_msg(spool != NULL, "spool_new: got NULL");
	ck_assert_msg(spool_empty(spool) && !spool_full(spool) &&
			  spool_deadline(spool) == INT64_MAX &&
			  !spool_due(spool, INT64_MAX - 1, true),
	    "a new spool: want it empty and nothing due");
}

/* Puts a numbered event; its number is its queue id. */
static int
put(unsigned number, int64_t now)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%05u", number);
	struct event ev = {
		.type = EVENT_BOUNCE,
		.delay = -1,
		.queue_id = { text, (size_t)n },
	};

	memset(ev.id, '0', sizeof ev.id);
	return spool_event(spool, &ev, now);
}

static void
commit(void)
{
	int rc = store_begin(store, STORE_DURABLE, &e);

	if (rc == 0)
		rc = spool_put(spool, store, NULL, &e);
	if (rc == 0)
		rc = store_commit(store, &e);
	ck_assert_msg(rc == 0, "commit: got %d %s", rc, e.text);
	spool_committed(spool);
	ck_assert_msg(spool_empty(spool) && !spool_full(spool) &&
			  spool_deadline(spool) == INT64_MAX,
	    "after the commit: want the spool empty");
}

/* Takes all batches of an output: "5 5 2" events, in order and each event once. */
static void
drain(const char *name, unsigned first, char *counts, size_t cap)
{
	struct store_batch b;
	struct buf events;
	size_t n = 0;
	int rc;

	buf_init(&events, 64 << 20);
	counts[0] = '\0';
	const struct store_wanted first_one = { .which = STORE_FIRST,
		.output = slice_of(name) };
	while ((rc = store_batch_find(store, &first_one, &b, &events, &e)) == 0) {
		struct slice rest = b.events;
		ck_assert_msg(slice_eq(b.host, SLICE("mx1")) &&
				  slice_eq(b.format, SLICE("ndjson")) &&
				  b.key.n == 32 && b.tries == 0 && b.sealed_ms > 0,
		    "%s: batch %lld: got host %.*s format %.*s", name, (long long)b.id,
		    (int)b.host.n, b.host.p, (int)b.format.n, b.format.p);
		for (uint64_t i = 0; i < b.count; i++) {
			char want[40];
			size_t lf = slice_find(rest, '\n');
			int len = snprintf(
			    want, sizeof want, "\"queue_id\":\"%05u\"", first++);
			ck_assert_msg(
			    lf < rest.n && memmem(rest.p, lf, want, (size_t)len),
			    "%s: got %.*s, want %s", name, (int)lf, rest.p, want);
			rest = slice_from(rest, lf + 1);
		}
		ck_assert_msg(rest.n == 0, "%s: got more events than counted", name);
		n += (size_t)snprintf(counts + n, cap - n, "%s%llu", n ? " " : "",
		    (unsigned long long)b.count);
		ck_assert_msg(store_begin(store, STORE_LAZY, &e) == 0 &&
				  store_batch_delete(store, b.id, &e) == 0 &&
				  store_commit(store, &e) == 0,
		    "delete: %s", e.text);
	}
	ck_assert_msg(rc == -ENOENT, "%s: got %d %s, want -ENOENT", name, rc, e.text);
	buf_free(&events);
}

static void
is_drained(const char *name, unsigned first, const char *want)
{
	char got[256];

	drain(name, first, got, sizeof got);
	ck_assert_msg(!strcmp(got, want), "%s: got batches of \"%s\", want \"%s\"",
	    name, got, want);
}

START_TEST(a_batch_has_at_most_max_events)
{
	add_output("o", 5, 1 << 20, 1000);
	make_spool();
	for (unsigned i = 0; i < 12; i++)
		ck_assert_msg(put(i, 0) == 0, "event %u: want 0", i);
	commit();
	is_drained("o", 0, "5 5 2");
}
END_TEST

START_TEST(a_batch_has_at_most_max_bytes)
{
	struct event ev = {
		.type = EVENT_BOUNCE, .delay = -1, .queue_id = SLICE("00000")
	};
	struct buf one;

	memset(ev.id, '0', sizeof ev.id);
	buf_init(&one, LIMIT_EVENT);
	ck_assert_msg(event_json(&ev, &one) == 0, "event_json failed");
	add_output("exact", 1000, 3 * (one.n + 1), 1000);
	add_output("less", 1000, 3 * (one.n + 1) - 1, 1000);
	add_output("tiny", 1000, 10, 1000);
	make_spool();
	for (unsigned i = 0; i < 3; i++)
		ck_assert_msg(put(i, 0) == 0, "event %u: want 0", i);
	commit();
	is_drained("exact", 0, "3");
	is_drained("less", 0, "2 1");
	is_drained("tiny", 0, "1 1 1");
	buf_free(&one);
}
END_TEST

START_TEST(a_full_spool_takes_nothing_before_a_commit)
{
	unsigned n = 0, taken = 0;
	char got[256];

	add_output("a", 1, 1 << 20, 1000);
	add_output("b", 3, 1 << 20, 1000);
	make_spool();
	for (int round = 0; round < 5; round++) {
		int rc;
		while ((rc = put(n, 0)) == 0)
			n++;
		ck_assert_msg(
		    rc == -EAGAIN && spool_full(spool) && spool_due(spool, 0, false),
		    "round %d: got %d, want -EAGAIN from a full spool", round, rc);
		ck_assert_msg(n > taken, "round %d: got no event taken", round);
		ck_assert_msg(
		    put(n, 0) == -EAGAIN, "round %d: want -EAGAIN again", round);
		commit();
		drain("a", taken, got, sizeof got);
		drain("b", taken, got, sizeof got);
		taken = n;
	}
}
END_TEST

START_TEST(a_spool_is_bounded_in_bytes)
{
	static char text[LIMIT_DIAGNOSTIC];
	struct event ev = { .type = EVENT_BOUNCE, .diagnostic = { text, sizeof text } };
	uint64_t n = 0;
	int rc;

	memset(text, 'x', sizeof text);
	add_output("o", 1000000, 1 << 30, 1000);
	make_spool();
	while ((rc = spool_event(spool, &ev, 0)) == 0)
		n++;
	ck_assert_msg(rc == -EAGAIN && n * sizeof text <= LIMIT_COMMIT_BYTES &&
			  n * (sizeof text + 200) >= LIMIT_COMMIT_BYTES,
	    "got %d after %llu events of 2 KiB, want -EAGAIN at 4 MiB", rc,
	    (unsigned long long)n);
}
END_TEST

START_TEST(a_failed_commit_keeps_the_events)
{
	add_output("o", 2, 1 << 20, 1000);
	make_spool();
	for (unsigned i = 0; i < 5; i++)
		ck_assert_msg(put(i, 0) == 0, "event %u: want 0", i);
	ck_assert_msg(store_begin(store, STORE_DURABLE, &e) == 0 &&
			  spool_put(spool, store, NULL, &e) == 0,
	    "put: %s", e.text);
	store_rollback(store);
	ck_assert_msg(!spool_empty(spool), "after a rollback: got an empty spool");
	ck_assert_msg(put(5, 0) == 0, "event 5: want 0");
	commit();
	is_drained("o", 0, "2 2 2");
	commit();
	is_drained("o", 0, "");
}
END_TEST

START_TEST(linger_ends_at_the_first_events_time)
{
	add_output("slow", 100, 1 << 20, 5000);
	add_output("fast", 100, 1 << 20, 700);
	make_spool();
	ck_assert_msg(put(0, 1000) == 0 && put(1, 1500) == 0, "put: want 0");
	ck_assert_msg(spool_deadline(spool) == 1700, "deadline: got %lld, want 1700",
	    (long long)spool_deadline(spool));
	ck_assert_msg(!spool_due(spool, 1699, false) && !spool_due(spool, 1699, true) &&
			  spool_due(spool, 1700, false),
	    "due: want it at 1700 and not before");
	commit();
	is_drained("slow", 0, "2");
	is_drained("fast", 0, "2");
}
END_TEST

static char word_bounce[] = "bounce", word_complaint[] = "complaint",
	    word_hard[] = "hard", word_full[] = "mailbox_full", word_s1[] = "s1";
static char *list_types[] = { word_bounce, word_complaint };
static char *list_class[] = { word_hard };
static char *list_reason[] = { word_full };
static char *list_source[] = { word_s1 };

START_TEST(an_output_takes_what_it_selects)
{
	static const struct {
		const char *name;
		int types, classes, reasons, sources; /* of the lists above: how many */
		const char *want;                     /* of the events below: y, n */
	} cases[] = {
		{ "everything", 0, 0, 0, 0, "yyyyyy" },
		{ "bounces", 1, 0, 0, 0, "yyynny" },
		{ "bounces and complaints", 2, 0, 0, 0, "yyyyny" },
		{ "hard", 0, 1, 0, 0, "ynynny" },
		{ "hard bounces of s1", 1, 1, 0, 1, "ynnnny" },
		{ "full mailboxes", 0, 0, 1, 0, "nynnnn" },
		{ "s1", 0, 0, 0, 1, "yynyyy" },
		{ "hard full mailboxes", 0, 1, 1, 0, "nnnnnn" },
	};
	static const struct event events[] = {
		{ .type = EVENT_BOUNCE,
		    .class = EVENT_HARD,
		    .reason = REASON_USER_UNKNOWN,
		    .source.name = { "s1", 2 } },
		{ .type = EVENT_BOUNCE,
		    .class = EVENT_SOFT,
		    .reason = REASON_MAILBOX_FULL,
		    .source.name = { "s1", 2 } },
		{ .type = EVENT_BOUNCE,
		    .class = EVENT_HARD,
		    .reason = REASON_USER_UNKNOWN,
		    .source.name = { "s10", 3 } },
		{ .type = EVENT_COMPLAINT, .source.name = { "s1", 2 } },
		{ .type = EVENT_DELIVERY, .source.name = { "s1", 2 } },
		{ .type = EVENT_BOUNCE,
		    .class = EVENT_HARD,
		    .reason = REASON_SUPPRESSED,
		    .source.name = { "s1", 2 } },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		config.noutputs = 0;
		memset(output, 0, sizeof output);
		struct config_output *o = add_output("o", 100, 1 << 20, 1000);
		o->select.type = (struct config_list){ list_types,
			(size_t)cases[i].types };
		o->select.class = (struct config_list){ list_class,
			(size_t)cases[i].classes };
		o->select.reason = (struct config_list){ list_reason,
			(size_t)cases[i].reasons };
		o->select.source = (struct config_list){ list_source,
			(size_t)cases[i].sources };
		for (size_t k = 0; k < COUNT(events); k++) {
			make_spool();
			ck_assert_msg(spool_event(spool, &events[k], 0) == 0, "want 0");
			bool want = cases[i].want[k] == 'y';
			ck_assert_msg(spool_empty(spool) != want,
			    "%s: event %zu: got %d, want %d", cases[i].name, k,
			    !spool_empty(spool), want);
			spool_free(spool);
		}
	}
	spool = NULL;
}
END_TEST

Suite *
suite_spool(void)
{
	Suite *s = suite_create("spool");
	TCase *t = tcase_create("spool");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_batch_has_at_most_max_events);
	tcase_add_test(t, a_batch_has_at_most_max_bytes);
	tcase_add_test(t, a_full_spool_takes_nothing_before_a_commit);
	tcase_add_test(t, a_spool_is_bounded_in_bytes);
	tcase_add_test(t, a_failed_commit_keeps_the_events);
	tcase_add_test(t, linger_ends_at_the_first_events_time);
	tcase_add_test(t, an_output_takes_what_it_selects);
	suite_add_tcase(s, t);
	return s;
}
