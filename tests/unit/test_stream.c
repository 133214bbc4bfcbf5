/*
 * test_stream.c - a file of mixed records in any chunks: the same events with the same
 * ids and places, the same bad records; a pause at any event loses and doubles nothing.
 */
#include "test_stream.h"

#include <errno.h>
#include <string.h>

Suite *suite_stream(void);

enum { RECORD_MAX = 4096 };

#define HEAD "type,timeLogged,rcpt,dsnStatus,dsnDiag,header_Subject"
#define TAIL ",5.1.1,smtp;550 5.1.1 x,"
#define BAD  "-not as many columns as the header"

const struct stream_test_row stream_test_rows[] = {
	{ "\xef\xbb\xbf", "" },
	{ HEAD "\r\n", "" },
	{ "b,1700000001,a1@b.example" TAIL "\r\n", "+a1@b.example" },
	{ "b,1700000002,a2@b.example" TAIL "\n", "+a2@b.example" },
	{ "\r\n\n\n", "" },
	{ "b,1700000003,a3@b.example" TAIL "\"one\r\ntwo, \"\"three\"\"\n\n\"\r\n",
	    "+a3@b.example" },
	{ "b,1700000004,a4@b.ex\n", BAD },
	{ "b,1700000005,a5@b.example" TAIL "x\r\n", "+a5@b.example" },
	{ "b,1700000006,a6@b.example" TAIL "\"torn here\n",
	    "-text after a closing quote" },
	{ "b,1700000007,a7@b.example" TAIL "\"whole\"\n", "+a7@b.example" },
	{ "b,1700000008,a8@b.example,\"two\r\n", BAD },
	{ "lines\",x\r\n", BAD },
	{ "zz,1700000009,a9@b.example" TAIL "\n", "-unknown record type" },
	{ "b,tomorrow,a10@b.example" TAIL "\n", "-time not understood" },
	{ "b,1700000011,,5.1.1,,\n", "-no recipient" },
	{ "tq,1700000012,,,,\n", "" },
	{ "b,1700000013,A13@B.example" TAIL "\xff\xfe\n", "+A13@B.example" },
	{ "type,rcpt,timeLogged,jobId\n", "" },
	{ "b,a14@b.example,1700000014,j14\n", "+a14@b.example" },
	{ "f,a15@b.example,1700000015,\n", "+a15@b.example" },
	{ "b,a15@b.example,1700000015,\n", "+a15@b.example" },
	{ "b,1700000016,a16@b.example" TAIL "\n", BAD },
	{ HEAD "\n", "" },
	{ "t,1700000017,a17@b.example,4.2.2,,\"a\nb\nc\"\n", "+a17@b.example" },
	{ "d,1700000018,<a18@b.example>,2.0.0,,\n", "+a18@b.example" },
	{ "d,1700000018,<a18@b.example>,2.0.0,,\n", "+a18@b.example" },
	{ "b,1700000019,a19@b.example" TAIL "\"x\"y z, and more\n",
	    "-text after a closing quote" },
	{ "\n", "" },
	{ "rb,,a20@b.example" TAIL "\r\n", "+a20@b.example" },
	{ "b,1700000021,a21@b.example" TAIL "\"never ends\n", "-quote without end" },
	{ "b,1700000022,a22@b.example" TAIL "last", "+a22@b.example" },
};

const size_t stream_test_nrows = sizeof stream_test_rows / sizeof stream_test_rows[0];

struct stream_test stream_test;

static int
on_event(void *arg, const struct event *ev)
{
	struct stream_test_log *log = arg;

	log->asked++;
	if (log->seed > 0) {
		log->seed = log->seed * 1103515245u + 12345u;
		if (log->seed >> 30 == 0)
			return -EAGAIN;
	}
	(void)buf_printf(&log->text, "%llu +%.*s %.32s %s\n",
	    (unsigned long long)ev->source.offset, (int)ev->id_recipient.n,
	    ev->id_recipient.p, ev->id, event_type_name(ev->type));
	return 0;
}

static void
on_bad(
    void *arg, struct slice file, uint64_t offset, struct slice bytes, const char *why)
{
	struct stream_test_log *log = arg;
	size_t lf = slice_find(bytes, '\n');

	ck_assert_msg(slice_eq(file, SLICE("f.csv")), "on_bad: file: got %.*s",
	    (int)file.n, file.p);
	(void)buf_printf(&log->text, "%llu -%s %.*s\n", (unsigned long long)offset, why,
	    (int)lf, bytes.p);
}

/* The id by its definition in the contract, from bytes of the file alone. */
static void
id_of(const struct file_key *key, uint64_t offset, struct slice record,
    const char *type, struct slice recipient, char out[32])
{
	struct hash_state *h = hash_new();
	uint8_t le[8];

	ck_assert_msg(h != NULL, "no memory");
	for (unsigned i = 0; i < 8; i++)
		le[i] = (uint8_t)(offset >> (8 * i));
	hash_reset(h);
	hash_add(h, key->b, sizeof key->b);
	hash_add(h, le, 8);
	hash_add(h, record.p, record.n);
	hash_add(h, type, strlen(type) + 1);
	hash_add(h, recipient.p, recipient.n);
	hash_add(h, "\0\0\0\0", 5);
	struct hash128 id = hash_end(h);
	hex_write(id.b, sizeof id.b, out);
	hash_free(h);
}

static struct slice
without_line_end(struct slice s)
{
	if (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n -= s.n > 1 && s.p[s.n - 2] == '\r' ? 2 : 1;
	return s;
}

static void
expect_event(uint64_t at, struct slice text, const char *recipient, struct buf *out)
{
	static const struct {
		const char *start, *type;
	} types[] = { { "b,", "bounce" }, { "rb,", "bounce" }, { "t,", "deferral" },
		{ "d,", "delivery" }, { "f,", "complaint" } };
	struct file_key key;
	const char *type = "";
	char id[32];

	ck_assert_msg(
	    hash_file_key(without_line_end(slice_of(stream_test_rows[1].text)),
		without_line_end(slice_of(stream_test_rows[2].text)), &key) == 0,
	    "hash_file_key failed");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (slice_starts(text, slice_of(types[i].start)))
			type = types[i].type;
	}
	id_of(&key, at, without_line_end(text), type, slice_of(recipient), id);
	(void)buf_printf(
	    out, "%llu +%s %.32s %s\n", (unsigned long long)at, recipient, id, type);
}

void
stream_test_expect(uint64_t skip, struct buf *out)
{
	uint64_t at = 0;

	buf_clear(out);
	for (size_t i = 0; i < stream_test_nrows; i++) {
		const struct stream_test_row *r = &stream_test_rows[i];
		struct slice text = slice_of(r->text);
		if (at + text.n > skip && r->want[0] == '+')
			expect_event(at, text, r->want + 1, out);
		if (at + text.n > skip && r->want[0] == '-')
			(void)buf_printf(out, "%llu %s %.*s\n", (unsigned long long)at,
			    r->want, (int)without_line_end(text).n, text.p);
		at += text.n;
	}
}

void
stream_test_setup(void)
{
	struct stream_test *t = &stream_test;

	*t = (struct stream_test){ 0 };
	t->env = (struct stream_env){
		.classifier = classify_new(),
		.hash = hash_new(),
		.max_record = RECORD_MAX,
		.source = SLICE("s"),
		.host = SLICE("h"),
		.on_event = on_event,
		.on_bad = on_bad,
		.arg = &t->log,
	};
	buf_init(&t->log.text, 1 << 20);
	buf_init(&t->file, 1 << 20);
	buf_init(&t->want, 1 << 20);
	for (size_t i = 0; i < stream_test_nrows; i++)
		(void)buf_add(&t->file, slice_of(stream_test_rows[i].text));
	stream_test_expect(0, &t->want);
	ck_assert_msg(t->env.classifier && t->env.hash && !t->want.failed, "no memory");
}

void
stream_test_teardown(void)
{
	struct stream_test *t = &stream_test;

	classify_free(t->env.classifier);
	hash_free(t->env.hash);
	buf_free(&t->log.text);
	buf_free(&t->file);
	buf_free(&t->want);
}

struct stream *
stream_test_new(const struct stream_place *p)
{
	struct stream *s = stream_new(&stream_test.env);

	ck_assert_msg(s != NULL, "no memory");
	int rc = p ? stream_resume(s, p) : 0;
	ck_assert_msg(rc == 0, "stream_resume: got %d, want 0", rc);
	return s;
}

void
stream_test_feed(struct stream *s, size_t from, size_t to, size_t step, bool last)
{
	const struct when undated = { .sec = 1 };

	while (from < to) {
		size_t n = to - from < step ? to - from : step;
		bool end = last && from + n == to;
		struct slice in = { stream_test.file.p + from, n };
		int rc = stream_feed(s, in, end, SLICE("f.csv"), undated);
		while (rc == -EAGAIN)
			rc = stream_feed(
			    s, (struct slice){ 0 }, end, SLICE("f.csv"), undated);
		ck_assert_msg(rc == 0, "stream_feed at %zu: got %d, want 0", from, rc);
		from += n;
		ck_assert_msg(stream_next(s) == from, "stream_next: got %llu, want %zu",
		    (unsigned long long)stream_next(s), from);
	}
}

void
stream_test_same(const char *name, size_t at, struct slice want)
{
	struct buf *got = &stream_test.log.text;

	ck_assert_msg(slice_eq(buf_slice(got), want), "%s %zu: got\n%.*swant\n%.*s",
	    name, at, (int)got->n, got->n ? got->p : "", (int)want.n, want.p);
	buf_clear(got);
}

START_TEST(a_file_in_chunks_of_one_size_gives_what_the_whole_gives)
{
	size_t n = stream_test.file.n;

	for (size_t step = n; step > 0; step = step > 64 ? step / 2 : step - 1) {
		struct stream *s = stream_test_new(NULL);
		stream_test_feed(s, 0, n, step, true);
		stream_test_same("chunks of", step, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

START_TEST(a_file_split_anywhere_gives_what_the_whole_gives)
{
	size_t n = stream_test.file.n;

	for (size_t at = 1; at < n; at++) {
		struct stream *s = stream_test_new(NULL);
		stream_test_feed(s, 0, at, n, false);
		stream_test_feed(s, at, n, n, true);
		stream_test_same("split at", at, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

START_TEST(a_pause_at_any_event_loses_and_doubles_nothing)
{
	size_t n = stream_test.file.n;

	for (unsigned seed = 1; seed < 200; seed++) {
		struct stream *s = stream_test_new(NULL);
		stream_test.log.seed = seed;
		stream_test_feed(s, 0, n, seed % 7 ? 1 + n / (seed % 7) : 1, true);
		stream_test_same("pauses of seed", seed, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

START_TEST(a_restart_during_a_pause_loses_and_doubles_nothing)
{
	const struct when undated = { .sec = 1 };
	const struct buf *file = &stream_test.file;

	for (unsigned seed = 1; seed < 200; seed++) {
		struct stream *s = stream_test_new(NULL);
		size_t from = 0;
		int rc = -EAGAIN;
		stream_test.log.seed = seed;
		while (rc == -EAGAIN) {
			struct stream_place p;
			struct slice in = { file->p + from, file->n - from };
			rc = stream_feed(s, in, true, SLICE("f.csv"), undated);
			stream_where(s, &p);
			if (rc == 0)
				break;
			struct stream *fresh = stream_test_new(&p);
			from = (size_t)p.offset;
			stream_free(s);
			s = fresh;
		}
		ck_assert_msg(rc == 0, "seed %u: got %d, want 0", seed, rc);
		stream_test_same("seed", seed, buf_slice(&stream_test.want));
		stream_free(s);
	}
}
END_TEST

Suite *
suite_stream(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_add_checked_fixture(t, stream_test_setup, stream_test_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_file_in_chunks_of_one_size_gives_what_the_whole_gives);
	tcase_add_test(t, a_file_split_anywhere_gives_what_the_whole_gives);
	tcase_add_test(t, a_pause_at_any_event_loses_and_doubles_nothing);
	tcase_add_test(t, a_restart_during_a_pause_loses_and_doubles_nothing);
	stream_add_place_tests(t);
	stream_add_long_tests(t);
	suite_add_tcase(s, t);
	return s;
}
