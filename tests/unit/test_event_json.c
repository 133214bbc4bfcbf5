/*
 * test_event_json.c - an event as JSON: keys and strings. Limits are in
 * test_event_limit.c.
 */
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ID           "0123456789abcdef0123456789abcdef"
#define HEAD         "{\"id\":\"" ID "\",\"type\":\"bounce\",\"time\":\"2019-02-08T21:54:05Z\""
#define TAIL         "\"source\":{\"name\":\"s\",\"offset\":0}"
#define F            "\xef\xbf\xbd"

enum { ROOM = 1 << 20 };

static struct event
minimal(void)
{
	struct event ev = { .type = EVENT_BOUNCE,
		.time = { .sec = 1549662845 },
		.delay = -1,
		.source = { .name = SLICE("s") } };

	memcpy(ev.id, ID, sizeof ev.id);
	return ev;
}

static void
is_json(const char *name, const struct event *ev, const char *want)
{
	struct buf out;

	buf_init(&out, ROOM);
	int rc = event_json(ev, &out);
	ck_assert_msg(rc == 0 && slice_eq(buf_slice(&out), slice_of(want)),
	    "%s: got %d\n%.*s, want\n%s", name, rc, (int)out.n, out.n ? out.p : "",
	    want);
	buf_free(&out);
}

START_TEST(keys_without_a_value_are_left_out)
{
	struct event ev = minimal();

	is_json("nothing known", &ev, HEAD "," TAIL "}");
	ev.delay = 0;
	is_json("delay 0", &ev, HEAD ",\"delay\":0," TAIL "}");
	ev.delay = 86400 * 5;
	is_json("delay", &ev, HEAD ",\"delay\":432000," TAIL "}");
	ev = minimal();
	ev.feedback.format = SLICE("arf");
	is_json("feedback without a type", &ev, HEAD "," TAIL "}");
	ev = minimal();
	ev.expired = ev.test = true;
	is_json("flags", &ev, HEAD ",\"expired\":true," TAIL ",\"test\":true}");
	ev = minimal();
	ev.source.offset = INT64_MAX;
	is_json("a far offset", &ev,
	    HEAD ",\"source\":{\"name\":\"s\",\"offset\":9223372036854775807}}");
	ev = minimal();
	ev.recipient = SLICE("\n");
	is_json("one control character", &ev, HEAD ",\"recipient\":\" \"," TAIL "}");
}
END_TEST

static const struct event_pair labels[] = { { SLICE("cluster"), SLICE("eu1") },
	{ SLICE("empty"), { 0 } } };
static const struct event_pair metadata[] = { { SLICE("c"), SLICE("17") } };
static const struct event_pair native[] = { { SLICE("dlvSize"), SLICE("42") },
	{ SLICE("srcType"), SLICE("api") }, { SLICE("dsnMta"), SLICE("x") } };
static const struct event_pair headers[] = { { SLICE("x-fblid"), SLICE("\"1\"") },
	{ SLICE("subject"), SLICE("a\r\n b") } };
static const struct event every_key = { .id = ID,
	.type = EVENT_DEFERRAL,
	.mode = EVENT_ASYNC,
	.class = EVENT_SOFT,
	.reason = REASON_MAILBOX_FULL,
	.action = ACTION_DELAYED,
	.rule = SLICE("r"),
	.category = SLICE("c"),
	.time = { 0, 5000000, 3 },
	.queued = { 1, 0, 0 },
	.recipient = SLICE("a@b"),
	.recipient_domain = SLICE("b"),
	.final_recipient = SLICE("f@b"),
	.id_recipient = SLICE("hidden"),
	.sender = SLICE("<>"),
	.status = SLICE("4.2.2"),
	.smtp_code = 452,
	.command = SLICE("RCPT TO"),
	.diagnostic = SLICE("452 4.2.2 full"),
	.remote_mta = SLICE("mx.b"),
	.remote_ip = SLICE("192.0.2.1"),
	.remote_port = 25,
	.local_ip = SLICE("192.0.2.2"),
	.queue_id = SLICE("q1"),
	.message_id = SLICE("m@x"),
	.envelope_id = SLICE("e"),
	.job_id = SLICE("j"),
	.vmta = SLICE("v"),
	.pool = SLICE("p"),
	.queue = SLICE("b/v"),
	.fbl_id = SLICE("f"),
	.submitter = SLICE("u"),
	.verp = { SLICE("user:1"), SLICE("v@b"), SLICE("l"), SLICE("7") },
	.feedback = { SLICE("abuse"), SLICE("arf"), SLICE("d"), SLICE("ua"),
	    SLICE("::1"), SLICE("rm") },
	.headers = headers,
	.nheaders = 2,
	.metadata = metadata,
	.nmetadata = 1,
	.native = native,
	.nextra = 1,
	.nnative = 2,
	.ncolumns = 3,
	.labels = labels,
	.nlabels = 2,
	.attempts = 7,
	.delay = 60,
	.expired = true,
	.source = { SLICE("s"), SLICE("pmta"), SLICE("h"), SLICE("i"), SLICE("/x"),
	    42 },
	.test = true };

START_TEST(every_key_has_its_place)
{
	is_json("all", &every_key,
	    "{\"id\":\"" ID "\",\"type\":\"deferral\",\"mode\":\"async\","
	    "\"class\":\"soft\",\"reason\":\"mailbox_full\",\"rule\":\"r\","
	    "\"category\":\"c\",\"time\":\"1970-01-01T00:00:00.005Z\","
	    "\"queued\":\"1970-01-01T00:00:01Z\",\"recipient\":\"a@b\","
	    "\"recipient_domain\":\"b\",\"final_recipient\":\"f@b\",\"sender\":\"<>\","
	    "\"action\":\"delayed\",\"status\":\"4.2.2\",\"smtp_code\":452,"
	    "\"command\":\"RCPT TO\",\"diagnostic\":\"452 4.2.2 full\","
	    "\"remote_mta\":\"mx.b\",\"remote_ip\":\"192.0.2.1\",\"remote_port\":25,"
	    "\"local_ip\":\"192.0.2.2\",\"queue_id\":\"q1\",\"message_id\":\"m@x\","
	    "\"envelope_id\":\"e\",\"job_id\":\"j\",\"vmta\":\"v\",\"pool\":\"p\","
	    "\"queue\":\"b/v\",\"fbl_id\":\"f\",\"submitter\":\"u\","
	    "\"verp\":{\"scheme\":\"user:1\",\"recipient\":\"v@b\",\"list\":\"l\","
	    "\"id\":\"7\"},"
	    "\"feedback\":{\"type\":\"abuse\",\"format\":\"arf\","
	    "\"reported_domain\":\"d\",\"user_agent\":\"ua\",\"source_ip\":\"::1\","
	    "\"reporting_mta\":\"rm\"},\"attempts\":7,\"delay\":60,\"expired\":true,"
	    "\"source\":{\"name\":\"s\",\"format\":\"pmta\",\"host\":\"h\","
	    "\"instance\":\"i\",\"file\":\"/x\",\"offset\":42},\"test\":true,"
	    "\"labels\":{\"cluster\":\"eu1\",\"empty\":\"\"},"
	    "\"metadata\":{\"c\":\"17\"},"
	    "\"headers\":{\"x-fblid\":\"\\\"1\\\"\",\"subject\":\"a  b\"},"
	    "\"native\":{\"dlvSize\":\"42\"}}");
}
END_TEST

START_TEST(native_goes_whole_to_those_that_want_it)
{
	static const char end[] =
	    "\"native\":{\"dlvSize\":\"42\",\"srcType\":\"api\"}}";
	struct buf out;

	buf_init(&out, LIMIT_EVENT);
	int rc = event_json_native(&every_key, &out);
	ck_assert_msg(rc == 0 && memmem(out.p, out.n, end, sizeof end - 1) ==
				     out.p + out.n - (sizeof end - 1),
	    "got %d %.*s, want ..%s", rc, (int)out.n, out.p, end);
	buf_free(&out);
}
END_TEST

static const struct string_case {
	struct slice in;
	size_t max;
	const char *want;
	bool whole;
} string_cases[] = {
	{ SLICE(""), 10, "", true },
	{ SLICE("a b~!"), 10, "a b~!", true },
	{ SLICE("\"\\/"), 10, "\\\"\\\\/", true },
	{ SLICE("a\tb"), 10, "a\\tb", true },
	{ SLICE("a\0b\x01\x1f\x7f"), 10, "a b   ", true },
	{ SLICE("a\r\nb"), 10, "a b", true },
	{ SLICE("a\n\rb\r\r\nc"), 10, "a  b  c", true },
	{ SLICE("a\r"), 10, "a ", true },
	{ SLICE("\xc2\x80\xc2\x9f\xc2\xa0"), 10, "  \xc2\xa0", true },
	{ SLICE("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"), 10,
	    "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", true },
	{ SLICE("\xe2\x80\xa8\xef\xbb\xbf"), 10, "\xe2\x80\xa8\xef\xbb\xbf", true },
	/* what bytes.decode('utf-8', 'replace') makes of it */
	{ SLICE("\xff"), 99, F, true },
	{ SLICE("a\xc3"), 99, "a" F, true },
	{ SLICE("\xe2\x82"), 99, F, true },
	{ SLICE("\xe2\x82x"), 99, F "x", true },
	{ SLICE("\xf0\x9f\x98"), 99, F, true },
	{ SLICE("\xf0\x80\x80\x80"), 99, F F F F, true },
	{ SLICE("\xed\xa0\x80"), 99, F F F, true },
	{ SLICE("\xf4\x90\x80\x80"), 99, F F F F, true },
	{ SLICE("\xc0\xaf"), 99, F F, true },
	{ SLICE("\xf1\x80\x80\xe2\x80\xc2"
		"b\x80"
		"c\x80\xbf"
		"d"),
	    99, F F F "b" F "c" F F "d", true },
	/* limits: bytes of UTF-8 before JSON's escapes */
	{ SLICE("abc"), 3, "abc", true },
	{ SLICE("abcd"), 3, "abc", false },
	{ SLICE("ab\""), 3, "ab\\\"", true },
	{ SLICE("\"\"\"\""), 3, "\\\"\\\"\\\"", false },
	{ SLICE("ab\xc3\xbc"), 4, "ab\xc3\xbc", true },
	{ SLICE("ab\xc3\xbc"), 3, "ab", false },
	{ SLICE("ab\xc3\xbc"
		"c"),
	    3, "ab", false },
	{ SLICE("a\xf0\x9f\x98\x80"), 5, "a\xf0\x9f\x98\x80", true },
	{ SLICE("a\xf0\x9f\x98\x80"), 4, "a", false },
	{ SLICE("ab\xff"), 5, "ab" F, true },
	{ SLICE("ab\xff"), 4, "ab", false },
	{ SLICE("a\r\n"), 2, "a ", true },
	{ SLICE("a\r\n"), 1, "a", false },
	{ SLICE(""), 0, "", true },
	{ SLICE("a"), 0, "", false },
};

START_TEST(strings_are_clean_and_cut)
{
	for (size_t i = 0; i < COUNT(string_cases); i++) {
		const struct string_case *c = &string_cases[i];
		char *copy = malloc(c->in.n + 1); /* ASan sees a byte too many read */
		struct buf out, want;

		memcpy(copy, c->in.p, c->in.n);
		copy = realloc(copy, c->in.n ? c->in.n : 1);
		buf_init(&out, ROOM);
		buf_init(&want, ROOM);
		buf_printf(&want, "before\"%s\"", c->want);
		buf_add(&out, SLICE("before"));
		bool whole = event_json_string(
		    &out, (struct slice){ copy, c->in.n }, c->max);
		ck_assert_msg(
		    whole == c->whole && slice_eq(buf_slice(&out), buf_slice(&want)),
		    "case %zu, at most %zu: got %.*s, whole %d, want %.*s, whole %d", i,
		    c->max, (int)out.n, out.p, whole, (int)want.n, want.p, c->whole);
		buf_free(&out);
		buf_free(&want);
		free(copy);
	}
}
END_TEST

/*
 * All texts of four of these bytes, the results one after the other, hashed. Python:
 *   for q in itertools.product(BYTES, repeat=4):
 *       t = bytes(q).decode('utf-8', 'replace')
 *       t = ''.join('\\t' if c == '\t' else ' ' if unicodedata.category(c) == 'Cc'
 *                   else c for c in t)
 *       h.update(('"' + t + '"').encode())
 */
START_TEST(invalid_utf8_is_as_python_has_it)
{
	static const unsigned char byte[] = { 0x01, 0x09, 0x41, 0x7f, 0x80, 0x8f, 0x90,
		0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1,
		0xf4, 0xf5 };
	static const char want[] = "a856e591f387e129cb01b4483b8cc3f4";
	struct hash_state *h = hash_new();
	struct buf out;
	char got[33] = "", text[4];

	buf_init(&out, ROOM);
	for (size_t code = 0; code < 21 * 21 * 21 * 21; code++) {
		for (size_t k = 4, rest = code; k-- > 0; rest /= COUNT(byte))
			text[k] = (char)byte[rest % COUNT(byte)];
		buf_clear(&out);
		(void)event_json_string(&out, (struct slice){ text, 4 }, 1024);
		hash_add(h, out.p, out.n);
	}
	struct hash128 v = hash_end(h);
	hex_write(v.b, sizeof v.b, got);
	ck_assert_msg(strcmp(got, want) == 0, "got %s, want %s", got, want);
	hash_free(h);
	buf_free(&out);
}
END_TEST

void
event_add_json_tests(TCase *t)
{
	tcase_add_test(t, keys_without_a_value_are_left_out);
	tcase_add_test(t, every_key_has_its_place);
	tcase_add_test(t, native_goes_whole_to_those_that_want_it);
	tcase_add_test(t, strings_are_clean_and_cut);
	tcase_add_test(t, invalid_utf8_is_as_python_has_it);
}
