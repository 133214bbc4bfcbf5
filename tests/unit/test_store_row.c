/*
 * test_store_row.c - what the state file keeps beside the queues: files, sources, bad
 * records, the counters of the outputs.
 */
#include "test_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct seen_file {
	size_t n;
	struct store_file f[4];
	char path[4][32], header[4][32];
};

static int
see_file(void *arg, const struct store_file *f)
{
	struct seen_file *s = arg;

	ck_assert_msg(s->n < 4 && f->path.n < 32 && f->header.n < 32, "too much");
	s->f[s->n] = *f;
	memcpy(s->path[s->n], f->path.p ? f->path.p : "", f->path.n);
	memcpy(s->header[s->n], f->header.p ? f->header.p : "", f->header.n);
	s->f[s->n].path.p = s->path[s->n];
	s->f[s->n].header.p = s->header[s->n];
	s->n++;
	return 0;
}

static void
same_file(const char *name, const struct store_file *got, const struct store_file *want)
{
	ck_assert_msg(got->id == want->id && got->dev == want->dev &&
			  got->ino == want->ino && got->offset == want->offset &&
			  got->skip == want->skip && got->seen_ms == want->seen_ms &&
			  got->start_ms == want->start_ms && got->size == want->size &&
			  got->has_key == want->has_key &&
			  slice_eq(got->source, want->source),
	    "%s: got id %lld dev %llx ino %llx offset %llu key %d", name,
	    (long long)got->id, (unsigned long long)got->dev,
	    (unsigned long long)got->ino, (unsigned long long)got->offset,
	    got->has_key);
	ck_assert_msg(
	    (!want->has_key || !memcmp(got->key.b, want->key.b, sizeof got->key.b)) &&
		!memcmp(got->marker.b, want->marker.b, sizeof got->marker.b),
	    "%s: got another key or marker", name);
	ck_assert_msg(
	    slice_eq(got->path, want->path) && slice_eq(got->header, want->header),
	    "%s: got path %.*s header %.*s", name, (int)got->path.n, got->path.p,
	    (int)got->header.n, got->header.p);
}

START_TEST(a_file_row_comes_back_as_it_was_put)
{
	struct store_file a = { .source = SLICE("s"), .dev = UINT64_MAX, .ino = 1 },
			  b = { .source = SLICE("s"),
				  .dev = 2,
				  .ino = UINT64_MAX - 1,
				  .has_key = true,
				  .offset = UINT64_C(1) << 62,
				  .skip = 77,
				  .start_ms = 1772438400000,
				  .header = { "type,\0rcpt", 10 },
				  .path = { "/a\xff\0b", 5 },
				  .seen_ms = 1234567890123,
				  .size = INT64_MAX },
			  other = { .source = SLICE("t"), .path = SLICE("/t") };
	struct seen_file seen = { 0 };

	memset(b.key.b, 0xfe, sizeof b.key.b);
	memset(b.marker.b, 0x80, sizeof b.marker.b);
	a.path = SLICE("/a");
	a.size = -1;
	store_test_begin();
	store_test_must(
	    "put a", store_file_put(store_test, &a, &a.id, &store_test_err));
	store_test_must(
	    "put b", store_file_put(store_test, &b, &b.id, &store_test_err));
	store_test_must(
	    "put t", store_file_put(store_test, &other, &other.id, &store_test_err));
	store_test_commit();
	store_test_reopen();
	store_test_must("each",
	    store_file_each(store_test, SLICE("s"), see_file, &seen, &store_test_err));
	ck_assert_msg(seen.n == 2, "got %zu files, want 2", seen.n);
	same_file("without key", &seen.f[0], &a);
	same_file("with key", &seen.f[1], &b);
	int64_t id = 0;
	a.has_key = true;
	a.offset = 99;
	a.size = 5;
	a.path = SLICE("/a.1");
	memset(a.key.b, 1, sizeof a.key.b);
	store_test_begin();
	store_test_must("update", store_file_put(store_test, &a, &id, &store_test_err));
	store_test_must("forget", store_file_forget(store_test, b.id, &store_test_err));
	store_test_commit();
	ck_assert_msg(id == a.id, "update: got id %lld, want %lld", (long long)id,
	    (long long)a.id);
	seen = (struct seen_file){ 0 };
	store_test_must("each",
	    store_file_each(store_test, SLICE("s"), see_file, &seen, &store_test_err));
	ck_assert_msg(seen.n == 1, "after forget: got %zu files, want 1", seen.n);
	same_file("updated", &seen.f[0], &a);
}
END_TEST

static int
stop(void *arg, const struct store_file *f)
{
	(void)f;
	++*(int *)arg;
	return -EINTR;
}

START_TEST(a_callback_that_fails_ends_the_reading)
{
	struct store_file f = { .source = SLICE("s"), .path = SLICE("/a") };
	int calls = 0;

	store_test_begin();
	for (int i = 0; i < 3; i++)
		store_test_must("put",
		    store_file_put(store_test, &f, &(int64_t){ 0 }, &store_test_err));
	store_test_commit();
	int rc = store_file_each(store_test, SLICE("s"), stop, &calls, &store_test_err);
	ck_assert_msg(rc == -EINTR && calls == 1,
	    "got %d after %d calls, want -EINTR, 1", rc, calls);
	store_test_begin(); /* the statement is free again */
	store_test_must(
	    "put", store_file_put(store_test, &f, &(int64_t){ 0 }, &store_test_err));
	store_test_commit();
}
END_TEST

static int
see_source(void *arg, const struct store_source *s)
{
	struct store_source *out = arg;

	*out = *s;
	ck_assert_msg(slice_eq(s->name, SLICE("s")), "got source %.*s", (int)s->name.n,
	    s->name.p);
	if (s->bad > 0)
		ck_assert_msg(slice_eq(s->bad_reason, SLICE("torn")) &&
				  slice_eq(s->bad_file, SLICE("/f")),
		    "got bad %.*s in %.*s, want torn in /f", (int)s->bad_reason.n,
		    s->bad_reason.p, (int)s->bad_file.n, s->bad_file.p);
	return 0;
}

START_TEST(a_source_is_new_until_it_was_scanned)
{
	struct store_source seen = { 0 };
	int64_t ns = -1;

	int rc = store_source_get(store_test, SLICE("s"), &ns, &store_test_err);
	ck_assert_msg(rc == -ENOENT && ns == -1, "new: got %d, want -ENOENT", rc);
	store_test_begin();
	store_test_must(
	    "put", store_source_put(store_test, SLICE("s"), 5, &store_test_err));
	store_test_must(
	    "event", store_source_event(store_test, SLICE("s"), 77, &store_test_err));
	store_test_must("put",
	    store_source_put(store_test, SLICE("s"), INT64_MAX, &store_test_err));
	store_test_commit();
	store_test_reopen();
	store_test_must(
	    "get", store_source_get(store_test, SLICE("s"), &ns, &store_test_err));
	ck_assert_msg(ns == INT64_MAX, "got %lld, want the last one", (long long)ns);
	store_test_must(
	    "each", store_source_each(store_test, see_source, &seen, &store_test_err));
	ck_assert_msg(seen.event_ms == 77 && seen.bad == 0, "got event %lld bad %llu",
	    (long long)seen.event_ms, (unsigned long long)seen.bad);
}
END_TEST

START_TEST(bad_records_are_counted_and_twenty_are_kept)
{
	struct store_source seen = { 0 };
	struct store_bad other = { .source = SLICE("t"), .reason = SLICE("torn") };

	store_test_begin();
	store_test_must(
	    "source", store_source_put(store_test, SLICE("s"), 1, &store_test_err));
	store_test_must("other", store_bad_put(store_test, &other, &store_test_err));
	for (uint64_t i = 0; i < 57; i++) {
		struct store_bad b = { .source = SLICE("s"),
			.reason = SLICE("torn"),
			.file = SLICE("/f"),
			.offset = i,
			.bytes = { "\0\xff", 2 },
			.at_ms = 3 };
		store_test_must("put", store_bad_put(store_test, &b, &store_test_err));
		store_test_must("count", store_bad_count(store_test, SLICE("s"),
					     SLICE("torn"), 1, &store_test_err));
	}
	store_test_must("count", store_bad_count(store_test, SLICE("s"), SLICE("long"),
				     40, &store_test_err));
	store_test_commit();
	store_test_must(
	    "each", store_source_each(store_test, see_source, &seen, &store_test_err));
	ck_assert_msg(seen.bad == 97 && seen.bad_offset == 56,
	    "got %llu bad, the last at %llu, want 97 and 56",
	    (unsigned long long)seen.bad, (unsigned long long)seen.bad_offset);
	store_test_is("SELECT count(*) FROM bad WHERE source = 's'", 20);
	store_test_is("SELECT min(offset) FROM bad WHERE source = 's'", 37);
	store_test_is("SELECT count(*) FROM bad WHERE source = 't'", 1);
	store_test_is("SELECT count(*) FROM bad WHERE bytes = x'00ff'", 20);
	store_test_is("SELECT n FROM bad_count WHERE reason = 'torn'", 57);
}
END_TEST

struct seen_output {
	size_t n;
	struct store_output o[3];
	char state[3][8], error[3][16];
};

static int
see_output(void *arg, const struct store_output *o)
{
	struct seen_output *s = arg;

	ck_assert_msg(s->n < 3 && o->state.n < 8 && o->error.n < 16, "too much");
	s->o[s->n] = *o;
	memcpy(s->state[s->n], o->state.p, o->state.n);
	memcpy(s->error[s->n], o->error.p ? o->error.p : "", o->error.n);
	s->n++;
	return 0;
}

START_TEST(outputs_are_counted)
{
	struct store_output hold = { .name = SLICE("o"),
		.state = SLICE("hold"),
		.error = SLICE("401"),
		.error_ms = 9 };
	struct store_output ok = { .name = SLICE("o"), .state = SLICE("ok") };
	struct store_dead d = { .output = SLICE("o"),
		.event = SLICE("{}"),
		.code = 422,
		.answer = SLICE("no"),
		.at_ms = 5 };
	struct seen_output s = { 0 };

	store_test_begin();
	store_test_must("count",
	    store_output_count(store_test, SLICE("o"), 10, 1, &store_test_err));
	store_test_must(
	    "count", store_output_count(store_test, SLICE("o"), 5, 2, &store_test_err));
	store_test_must(
	    "count", store_output_count(store_test, SLICE("p"), 1, 0, &store_test_err));
	store_test_must("hold", store_output_state(store_test, &hold, &store_test_err));
	store_test_must("ok", store_output_state(store_test, &ok, &store_test_err));
	(void)store_test_put("abc", 0);
	(void)store_test_put("de", 0);
	store_test_must("dead", store_dead_put(store_test, &d, &store_test_err));
	store_test_must("dead", store_dead_put(store_test, &d, &store_test_err));
	store_test_commit();
	store_test_reopen();
	store_test_must(
	    "each", store_output_each(store_test, see_output, &s, &store_test_err));
	ck_assert_msg(s.n == 2, "got %zu outputs, want 2", s.n);
	ck_assert_msg(s.o[0].accepted == 15 && s.o[0].dead == 3 && s.o[1].accepted == 1,
	    "got %llu accepted %llu dead, want 15 and 3",
	    (unsigned long long)s.o[0].accepted, (unsigned long long)s.o[0].dead);
	ck_assert_msg(!strcmp(s.state[0], "ok") && !strcmp(s.error[0], "401") &&
			  s.o[0].error_ms == 9 && !strcmp(s.state[1], "ok"),
	    "got %s after %s, want ok after 401", s.state[0], s.error[0]);
	const struct store_queue *q = &s.o[0].queue;
	ck_assert_msg(q->batches == 2 && q->events == 5 && q->oldest_ms == 7 &&
			  q->apart[1] == 0 && s.o[0].dead_letters == 2,
	    "got %llu batches of %llu events, %llu dead letters, want 2, 5, 2",
	    (unsigned long long)q->batches, (unsigned long long)q->events,
	    (unsigned long long)s.o[0].dead_letters);
	store_test_is("SELECT sum(length(body)) FROM batch", (long long)q->bytes);
	ck_assert_msg(s.o[1].queue.batches == 0 && s.o[1].queue.oldest_ms == 0 &&
			  s.o[1].queue.bytes == 0 && s.o[1].dead_letters == 0,
	    "another output: got %llu batches, want nothing queued",
	    (unsigned long long)s.o[1].queue.batches);
	store_test_is(
	    "SELECT count(*) FROM dead WHERE event = x'7b7d' AND code = 422 AND "
	    "answer = x'6e6f' AND at_ms = 5",
	    2);
}
END_TEST

void
store_add_row_tests(TCase *t)
{
	tcase_add_test(t, a_file_row_comes_back_as_it_was_put);
	tcase_add_test(t, a_callback_that_fails_ends_the_reading);
	tcase_add_test(t, a_source_is_new_until_it_was_scanned);
	tcase_add_test(t, bad_records_are_counted_and_twenty_are_kept);
	tcase_add_test(t, outputs_are_counted);
}
