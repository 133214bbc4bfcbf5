/*
 * test_stream_long.c - rows of 64 KB in any chunks, with restarts from the stored
 * place: the same events as from the whole.
 *
 * The rows have what cutting tends to break: CR LF, doubled quotes and forged rows
 * inside quotes, mixed line ends, a header in mid-file that moves the columns, torn
 * rows, and an end of the file inside quotes.
 */
#include "test_stream.h"

#include <string.h>

enum { MAX = 1 << 20, LONG = 64 * 1024, ROOM = 4 << 20 };

struct long_test {
	struct stream_env env;
	struct buf file, log;
};

static int
on_event(void *arg, const struct event *ev)
{
	struct long_test *t = arg;

	(void)buf_printf(
	    &t->log, "%llu %.32s ", (unsigned long long)ev->source.offset, ev->id);
	/* of what is cut in JSON the fields' own lengths tell */
	(void)buf_printf(&t->log, "%zu ", ev->diagnostic.n);
	for (size_t i = 0; i < ev->nheaders; i++)
		(void)buf_printf(&t->log, "%zu ", ev->headers[i].value.n);
	int rc = event_json(ev, &t->log);
	ck_assert_msg(rc == 0, "event_json: got %d, want 0", rc);
	(void)buf_addc(&t->log, '\n');
	return 0;
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct long_test *t = arg;

	(void)file;
	(void)buf_printf(&t->log, "%llu bad %s: ", (unsigned long long)offset, why);
	(void)buf_add(&t->log, bytes);
	(void)buf_addc(&t->log, '\n');
}

static void
add(struct buf *out, const char *text)
{
	(void)buf_add(out, slice_of(text));
}

/* One quoted field of LONG bytes, doubled quotes counted once. */
static void
add_long(struct buf *out)
{
	static const char *const piece[] = { "plain text, ", "\"\"quoted\"\" ",
		"a line\r\n", "a line\n", "b,1700000000,forged@b.example,5.1.1,x,y\n",
		"\xc3\xbc \xff " };
	size_t start = out->n;

	add(out, "\"");
	for (size_t i = 0; out->n - start < LONG; i++)
		add(out, piece[i * 7 % 6]);
	add(out, "\"");
}

static void
write_file(struct buf *f)
{
	add(f, "type,timeLogged,rcpt,dsnStatus,dsnDiag,header_Subject\r\n");
	add(f, "b,1700000001,a1@b.example,5.1.1,smtp;550 no,short\r\n");
	add(f, "b,1700000002,a2@b.example,5.1.1,");
	add_long(f);
	add(f, ",after a long one\n");
	add(f, "b,1700000003,a3@b.example,5.1.1,");
	add_long(f);
	add(f, ",");
	add_long(f);
	add(f, "\r\n");
	add(f, "b,1700000004,torn@b.exam\n");
	add(f, "b,1700000005,a5@b.example,5.1.1,\"\"\"\",\"\"\r\n");
	add(f, "type,rcpt,header_Subject,timeLogged,dsnDiag\n");
	add(f, "b,a6@b.example,");
	add_long(f);
	add(f, ",1700000006,smtp;550 columns have moved\n");
	add(f, "b,torn2@b.example,\"torn inside quotes\n");
	add(f, "b,a7@b.example,\"whole, quoted\",1700000007,smtp;550 x\r\n");
	add(f, "b,a8@b.example,x,1700000008,\"the end of the file\r\nis in here");
	ck_assert_msg(!f->failed, "no room");
}

static void
set_up(struct long_test *t)
{
	*t = (struct long_test){ 0 };
	t->env = (struct stream_env){
		.classifier = classify_new(),
		.hash = hash_new(),
		.max_record = MAX,
		.source = SLICE("s"),
		.host = SLICE("h"),
		.on_event = on_event,
		.on_bad = on_bad,
		.arg = t,
	};
	buf_init(&t->file, ROOM);
	buf_init(&t->log, ROOM);
	ck_assert_msg(t->env.classifier && t->env.hash, "no memory");
	write_file(&t->file);
}

static void
tear_down(struct long_test *t)
{
	classify_free(t->env.classifier);
	hash_free(t->env.hash);
	buf_free(&t->file);
	buf_free(&t->log);
}

static void
feed(struct stream *s, const struct long_test *t, size_t from, size_t to, size_t step)
{
	while (from < to) {
		size_t n = to - from < step ? to - from : step;
		struct slice in = { t->file.p + from, n };
		from += n;
		int rc = stream_feed(
		    s, in, from == t->file.n, SLICE("f"), (struct when){ .sec = 1 });
		ck_assert_msg(rc == 0, "stream_feed at %zu: got %d, want 0", from, rc);
	}
}

static struct stream *
fresh(const struct long_test *t)
{
	struct stream *s = stream_new(&t->env);

	ck_assert_msg(s != NULL, "no memory");
	return s;
}

static void
run_chunks(struct long_test *t, size_t step)
{
	struct stream *s = fresh(t);

	buf_clear(&t->log);
	feed(s, t, 0, t->file.n, step);
	stream_free(s);
}

/* Reads up to `at`, forgets all but the place, and goes on from there. */
static void
run_restart(struct long_test *t, size_t at)
{
	struct stream *s = fresh(t), *next = fresh(t);
	struct stream_place p;

	buf_clear(&t->log);
	feed(s, t, 0, at, t->file.n);
	stream_where(s, &p);
	int rc = stream_resume(next, &p);
	ck_assert_msg(rc == 0, "stream_resume: got %d, want 0", rc);
	size_t from = (size_t)p.offset;
	stream_free(s);
	feed(next, t, from, t->file.n, t->file.n);
	stream_free(next);
}

static void
is_same(const struct long_test *t, const struct buf *want, const char *what, size_t at)
{
	struct slice got = buf_slice(&t->log), w = buf_slice(want);
	size_t i = 0;

	while (i < got.n && i < w.n && got.p[i] == w.p[i])
		i++;
	ck_assert_msg(slice_eq(got, w), "%s %zu: got %.200s, want %.200s", what, at,
	    slice_from(got, i).n ? got.p + i : "", slice_from(w, i).n ? w.p + i : "");
}

static size_t
lines_of(const struct buf *b, const char *with)
{
	size_t n = 0;

	for (struct slice rest = buf_slice(b); rest.n > 0;) {
		struct slice line = { rest.p, slice_find(rest, '\n') };
		n += memmem(line.p, line.n, with, strlen(with)) != NULL;
		rest = slice_from(rest, line.n + 1);
	}
	return n;
}

START_TEST(long_rows_in_any_chunks_give_what_the_whole_gives)
{
	static const size_t step[] = { 1, 2, 61, 4095, 4096, 4097, 65535, 65536, 65537,
		200000 };
	struct long_test t;
	struct buf want;

	set_up(&t);
	run_chunks(&t, t.file.n);
	want = t.log;
	buf_init(&t.log, ROOM);
	size_t events = lines_of(&want, "\"id\":");
	size_t bad = lines_of(&want, " bad ");
	ck_assert_msg(events == 6 && bad >= 3 && !want.failed,
	    "got %zu events, %zu bad, want 6, 3 and more:\n%.*s", events, bad,
	    (int)want.n, want.p);
	for (size_t i = 0; i < sizeof step / sizeof *step; i++) {
		run_chunks(&t, step[i]);
		is_same(&t, &want, "chunks of", step[i]);
	}
	/* around each record's ends, and here and there inside */
	for (size_t at = 1; at < t.file.n; at++) {
		bool edge = at < 120 || at + 300 > t.file.n;
		for (size_t i = 0; !edge && i < 2; i++)
			edge = t.file.p[at - i] == '\n' && at % 97 == 0;
		if (!edge && at % 9001 != 0)
			continue;
		run_restart(&t, at);
		is_same(&t, &want, "a restart at", at);
	}
	buf_free(&want);
	tear_down(&t);
}
END_TEST

void
stream_add_long_tests(TCase *t)
{
	tcase_add_test(t, long_rows_in_any_chunks_give_what_the_whole_gives);
}
