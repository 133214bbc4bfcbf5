/*
 * test_event.c - names, ids, domains. Codes are in test_event_code.c, JSON is in
 * test_event_json.c and test_event_limit.c.
 */
#include <check.h>
#include <string.h>

#include "event/event.h"
#include "test_layers.h"

Suite *suite_event(void);

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* The names as docs and receivers have them, in the enums' order from 1 on. */
static const char *const types[] = { "bounce", "deferral", "delivery", "complaint",
	"returned" };
static const char *const modes[] = { "sync", "async" };
static const char *const classes[] = { "hard", "soft", "block", "undetermined" };
static const char *const actions[] = { "failed", "delayed", "delivered", "relayed",
	"expanded" };
static const struct {
	const char *name;
	enum event_class class;
} reasons[] = {
	{ "user_unknown", EVENT_HARD },
	{ "mailbox_disabled", EVENT_HARD },
	{ "mailbox_moved", EVENT_HARD },
	{ "domain_unknown", EVENT_HARD },
	{ "domain_no_mail", EVENT_HARD },
	{ "suppressed", EVENT_HARD },
	{ "recipient_refused", EVENT_SOFT },
	{ "mailbox_full", EVENT_SOFT },
	{ "message_too_large", EVENT_SOFT },
	{ "greylisted", EVENT_SOFT },
	{ "rate_limited", EVENT_SOFT },
	{ "network_error", EVENT_SOFT },
	{ "reputation_block", EVENT_BLOCK },
	{ "policy_rejected", EVENT_BLOCK },
	{ "auth_failure", EVENT_BLOCK },
	{ "spam_rejected", EVENT_BLOCK },
	{ "content_rejected", EVENT_BLOCK },
	{ "virus_rejected", EVENT_BLOCK },
	{ "sender_rejected", EVENT_BLOCK },
	{ "relay_denied", EVENT_BLOCK },
	{ "protocol_error", EVENT_SOFT },
	{ "tls_required", EVENT_SOFT },
	{ "expired", EVENT_SOFT },
	{ "system_error", EVENT_SOFT },
	{ "undetermined", EVENT_UNDETERMINED },
};

static void
is_name(const char *what, unsigned i, const char *got, const char *want)
{
	ck_assert_msg(got ? want && strcmp(got, want) == 0 : !want,
	    "%s %u: got %s, want %s", what, i, got ? got : "none",
	    want ? want : "none");
}

static void
is_number(const char *what, unsigned got, unsigned want)
{
	ck_assert_msg(got == want, "%s: got %u, want %u", what, got, want);
}

START_TEST(names_go_both_ways)
{
	is_number("types", EVENT_TYPE_COUNT - 1, COUNT(types));
	is_number("modes", EVENT_MODE_COUNT - 1, COUNT(modes));
	is_number("classes", EVENT_CLASS_COUNT - 1, COUNT(classes));
	is_number("actions", ACTION_COUNT - 1, COUNT(actions));
	is_number("reasons", REASON_COUNT - 1, COUNT(reasons));
	for (unsigned i = 0; i < EVENT_TYPE_COUNT; i++) {
		const char *want = i ? types[i - 1] : NULL;
		is_name("type", i, event_type_name(i), want);
		is_number("type_of", event_type_of(slice_of(want)), i);
	}
	for (unsigned i = 0; i < EVENT_MODE_COUNT; i++)
		is_name("mode", i, event_mode_name(i), i ? modes[i - 1] : NULL);
	for (unsigned i = 0; i < EVENT_CLASS_COUNT; i++) {
		const char *want = i ? classes[i - 1] : NULL;
		is_name("class", i, event_class_name(i), want);
		is_number("class_of", event_class_of(slice_of(want)), i);
	}
	for (unsigned i = 0; i < ACTION_COUNT; i++) {
		const char *want = i ? actions[i - 1] : NULL;
		is_name("action", i, event_action_name(i), want);
		is_number("action_of", event_action_of(slice_of(want)), i);
	}
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		const char *want = i ? reasons[i - 1].name : NULL;
		is_name("reason", i, event_reason_name(i), want);
		is_number("reason_of", event_reason_of(slice_of(want)), i);
		is_number(want ? want : "no reason's class", event_reason_class(i),
		    i ? reasons[i - 1].class : EVENT_CLASS_NONE);
	}
}
END_TEST

START_TEST(unknown_names_are_none)
{
	static const char *const unknown[] = { "", "x", "bounc", "bounces", " hard",
		"hard ", "autoreply", "user-unknown", "User_Unknown", "null" };

	for (size_t i = 0; i < COUNT(unknown); i++) {
		struct slice s = slice_of(unknown[i]);

		is_number(unknown[i], event_type_of(s), EVENT_TYPE_NONE);
		is_number(unknown[i], event_class_of(s), EVENT_CLASS_NONE);
		is_number(unknown[i], event_reason_of(s), REASON_NONE);
		is_number(unknown[i], event_action_of(s), ACTION_NONE);
	}
	is_number("Failed", event_action_of(SLICE("Failed")), ACTION_FAILED);
	is_number("DELAYED", event_action_of(SLICE("DELAYED")), ACTION_DELAYED);
}
END_TEST

/*
 * Golden ids. They are in the databases of those who receive our events: a change of
 * the definition that breaks one of these makes every event of every file new. Made by
 * Python, not by this code:
 *
 *   xxhash.xxh3_128_hexdigest(key + struct.pack('<Q', offset) + record +
 *       type.encode() + b'\0' + recipient + b'\0' + struct.pack('<I', n))
 *
 * key is 32 NULs, bytes(range(32)), or hashlib.sha256(b"type,timeLogged\n").digest().
 */
#define RECORD "b,2019-02-08 21:54:05+0000,a@example.com"

enum { KEY_ZERO, KEY_COUNT, KEY_SHA };

static const struct id_case {
	int key;
	uint64_t offset;
	struct slice record;
	enum event_type type;
	struct slice recipient;
	uint32_t n;
	const char *want;
} id_cases[] = {
	{ KEY_ZERO, 0, { 0 }, EVENT_BOUNCE, { 0 }, 0,
	    "d021794a9202d1f54bd534841c17a60d" },
	{ KEY_COUNT, 0, SLICE(RECORD), EVENT_BOUNCE, SLICE("a@example.com"), 0,
	    "e843600cb9680044a067e9c8e1b37928" },
	{ KEY_COUNT, 0, SLICE(RECORD), EVENT_BOUNCE, SLICE("a@example.com"), 1,
	    "bed0940a926f7e76590309581a23c871" },
	{ KEY_COUNT, 0, SLICE(RECORD), EVENT_BOUNCE, SLICE("A@example.com"), 0,
	    "4f36464e6b73c04301cb5387c4e6dd25" },
	{ KEY_COUNT, 4096, SLICE(RECORD), EVENT_DEFERRAL, SLICE("a@example.com"), 0,
	    "d95187241747c46d89e98509e9c74e73" },
	{ KEY_COUNT, UINT64_C(0x0102030405060708), SLICE(RECORD), EVENT_DELIVERY,
	    SLICE("A@Example.COM"), 0x01020304, "e5b407eb22bd3052e7872c056e4a18df" },
	{ KEY_SHA, 17, SLICE(RECORD "\r"), EVENT_COMPLAINT, { 0 }, 2,
	    "aa2a8a2b599a626075f81c8ed36579c0" },
	/* record: 0 to 255 three times */
	{ KEY_SHA, UINT64_MAX, { NULL, 768 }, EVENT_RETURNED, SLICE("b\xc3\xbc\xff@x"),
	    UINT32_MAX, "e8b44f94b3979cdcb61c1c691d449612" },
};

START_TEST(ids_never_change)
{
	const struct id_case *c = &id_cases[_i];
	struct slice record = c->record;
	struct file_key key = { { 0 } };
	char got[33] = "", bytes[768];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	if (!record.p && record.n > 0)
		record.p = bytes;
	for (unsigned i = 0; i < sizeof key.b && c->key == KEY_COUNT; i++)
		key.b[i] = (uint8_t)i;
	if (c->key == KEY_SHA)
		(void)hash_file_key(
		    SLICE("type,timeLogged\n"), (struct slice){ 0 }, &key);
	/* what else an event says takes no part */
	const struct event ev = { .type = c->type,
		.id_recipient = c->recipient,
		.recipient = SLICE("other@example.com"),
		.sender = SLICE("s@x"),
		.class = EVENT_HARD,
		.attempts = 3 };
	struct hash_state *h = hash_new();
	hash_add(h, "used before", 11);
	event_id(h, &key, c->offset, record, &ev, c->n, got);
	hash_free(h);
	ck_assert_msg(
	    strcmp(got, c->want) == 0, "id %d: got %s, want %s", _i, got, c->want);
}
END_TEST

static const struct domain_case {
	struct slice in;
	const char *want; /* "": none */
} domain_cases[] = {
	{ SLICE("a@example.com"), "example.com" },
	{ SLICE("A@EXAMPLE.Com"), "example.com" },
	{ SLICE("a@example.com."), "example.com" },
	{ SLICE("@example.com"), "example.com" },
	{ SLICE("\"a@b\"@example.com"), "example.com" },
	{ SLICE("\"a b\"@example.com"), "example.com" },
	{ SLICE("a@_dmarc.x-1.example"), "_dmarc.x-1.example" },
	{ SLICE("a@localhost"), "localhost" },
	{ SLICE("a@[192.0.2.1]"), "[192.0.2.1]" },
	{ SLICE("a@[IPv6:2001:DB8::1]"), "[ipv6:2001:db8::1]" },
	{ SLICE("a@XN--MLLER-KVA.de"), "xn--mller-kva.de" },
	{ SLICE("a@m\xc3\xbcller.de"), "xn--mller-kva.de" },
	{ SLICE("a@M\xc3\x9cLLER.DE"), "xn--mller-kva.de" },
	{ SLICE("a@mu\xcc\x88ller.de"), "xn--mller-kva.de" },
	{ SLICE("a@m\xc3\xbcller.de."), "xn--mller-kva.de" },
	{ SLICE("\xc3\xbc@example.com"), "example.com" },
	{ SLICE("a@fa\xc3\x9f.de"), "xn--fa-hia.de" },
	{ SLICE("a@\xe4\xbe\x8b\xe3\x81\x88.jp"), "xn--r8jz45g.jp" },
	/* dots as the IDNA tables have them: U+3002 */
	{ SLICE("a@\xe4\xbe\x8b\xe3\x81\x88\xe3\x80\x82jp"), "xn--r8jz45g.jp" },
	{ SLICE("a@\xe4\xbe\x8b\xe3\x81\x88.jp\xe3\x80\x82"), "xn--r8jz45g.jp" },
	{ SLICE("a@\xef\xbd\x85xample.com"), "example.com" }, /* a wide e */
	{ SLICE(""), "" }, { SLICE("a"), "" }, { SLICE("example.com"), "" },
	{ SLICE("a@"), "" }, { SLICE("@"), "" }, { SLICE("a@."), "" },
	{ SLICE("a@b c"), "" }, { SLICE("a@ b"), "" }, { SLICE("a@b\tc"), "" },
	{ SLICE("a@b\0c"), "" }, { SLICE("a@b\x7f"), "" }, { SLICE("a@b\r\n"), "" },
	{ SLICE("a@<b>"), "" }, { SLICE("<a@b>"), "" }, { SLICE("a@b,c"), "" },
	{ SLICE("a@b;c"), "" }, { SLICE("a@\"b\""), "" }, { SLICE("a@b(c)"), "" },
	{ SLICE("a@b\\c"), "" }, { SLICE("a@m\xfcller.de"), "" }, /* Latin-1 */
	{ SLICE("a@\xed\xa0\x80.de"), "" },                       /* a surrogate */
	{ SLICE("a@b\xc2\xa0"
		"c.de"),
	    "" }, /* no-break space: a blank to IDNA */
	{ SLICE("a@b\xef\xbc\xa0"
		"c.de"),
	    "" }, /* a wide @ */
	{ SLICE("a@b\xef\xbc\x8c"
		"c.de"),
	    "" }, /* a wide comma */
};

static void
domain_row(const struct domain_case *c)
{
	char out[LIMIT_ADDRESS];
	size_t n = event_domain(c->in, out);

	if (!slice_eq((struct slice){ out, n }, slice_of(c->want)))
		row_failed("event_domain(\"%.*s\"): got \"%.*s\", want \"%s\"",
		    (int)c->in.n, c->in.p, (int)n, out, c->want);
}

START_TEST(event_domain_reads_its_table)
{
	for (size_t i = 0; i < COUNT(domain_cases); i++)
		domain_row(&domain_cases[i]);
	rows_end(COUNT(domain_cases));
}
END_TEST

START_TEST(a_long_domain_stays_in_its_room)
{
	static const struct {
		size_t n;
		bool idn;
		size_t want;
	} cases[] = {
		{ 300, false, 300 },
		{ LIMIT_ADDRESS, false, LIMIT_ADDRESS },
		{ LIMIT_ADDRESS + 1, false, 0 },
		{ 300, true, 0 },
		{ LIMIT_ADDRESS, true, 0 },
		{ 5000, true, 0 },
	};
	char in[5002], out[LIMIT_ADDRESS];

	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(in, 'x', sizeof in);
		memcpy(in, "a@", 2);
		if (cases[i].idn)
			memcpy(in + 10, "\xc3\xbc", 2);
		size_t got = event_domain((struct slice){ in, cases[i].n + 2 }, out);
		ck_assert_msg(got == cases[i].want,
		    "%zu bytes, idn %d: got %zu, want %zu", cases[i].n, cases[i].idn,
		    got, cases[i].want);
	}
}
END_TEST

Suite *
suite_event(void)
{
	Suite *s = suite_create("event");
	TCase *t = tcase_create("event");

	tcase_add_test(t, names_go_both_ways);
	tcase_add_test(t, unknown_names_are_none);
	tcase_add_loop_test(t, ids_never_change, 0, COUNT(id_cases));
	tcase_add_test(t, event_domain_reads_its_table);
	tcase_add_test(t, a_long_domain_stays_in_its_room);
	event_add_code_tests(t);
	event_add_json_tests(t);
	event_add_limit_tests(t);
	suite_add_tcase(s, t);
	return s;
}
