/*
 * test_event_limit.c - an event as JSON: what is cut, how large it gets, a full buffer.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define ID           "0123456789abcdef0123456789abcdef"

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

#define LIMIT_OF(key, limit)                             \
	{                                                \
#key, offsetof(struct event, key), limit \
	}

static const struct limit_case {
	const char *name;
	size_t offset;
	size_t max;
} limit_cases[] = {
	LIMIT_OF(recipient, 320),
	LIMIT_OF(recipient_domain, 320),
	LIMIT_OF(final_recipient, 320),
	LIMIT_OF(sender, 320),
	LIMIT_OF(diagnostic, 2048),
	LIMIT_OF(rule, 1024),
	LIMIT_OF(category, 1024),
	LIMIT_OF(status, 1024),
	LIMIT_OF(command, 1024),
	LIMIT_OF(remote_mta, 1024),
	LIMIT_OF(remote_ip, 1024),
	LIMIT_OF(local_ip, 1024),
	LIMIT_OF(queue_id, 1024),
	LIMIT_OF(message_id, 1024),
	LIMIT_OF(envelope_id, 1024),
	LIMIT_OF(job_id, 1024),
	LIMIT_OF(vmta, 1024),
	LIMIT_OF(pool, 1024),
	LIMIT_OF(queue, 1024),
	LIMIT_OF(fbl_id, 1024),
	LIMIT_OF(submitter, 1024),
	{ "feedback", offsetof(struct event, feedback.type), 1024 },
	{ "source", offsetof(struct event, source.file), 1024 },
};

static void
set_text(struct event *ev, size_t i, struct slice s)
{
	memcpy((char *)ev + limit_cases[i].offset, &s, sizeof s);
}

/* Exactly the limit; one byte over; over it by half a character. */
START_TEST(what_is_cut_is_named)
{
	const struct limit_case *c = &limit_cases[_i];
	struct event ev = minimal();
	char text[2100], want[2200];
	struct buf out;

	buf_init(&out, ROOM);
	for (int way = 0; way < 3; way++) {
		size_t kept = way == 2 ? c->max - 1 : c->max;

		memset(text, 'x', sizeof text);
		if (way == 2)
			memcpy(text + c->max - 1, "\xc3\xbc", 2);
		set_text(&ev, (size_t)_i, (struct slice){ text, c->max + (way > 0) });
		buf_clear(&out);
		int rc = event_json(&ev, &out);
		buf_addc(&out, '\0');
		(void)snprintf(want, sizeof want, "\"%.*s\"", (int)kept, text);
		bool there = strstr(out.p, want) != NULL;
		(void)snprintf(want, sizeof want, ",\"truncated\":[\"%s\"]}", c->name);
		const char *cut = strstr(out.p, ",\"truncated\"");
		ck_assert_msg(rc == 0 && there &&
				  (way > 0 ? cut && strcmp(cut, want) == 0 : !cut),
		    "%s of %zu bytes: got %d, %zu of them there: %d, %s, want %s",
		    c->name, c->max + (way > 0), rc, kept, there,
		    cut ? cut : "not truncated", way > 0 ? want : "not truncated");
	}
	buf_free(&out);
}
END_TEST

static void
is_valid(const char *name, const struct event *ev, const char *end)
{
	json_error_t e;
	struct buf out;

	buf_init(&out, ROOM);
	int rc = event_json(ev, &out);
	ck_assert_msg(rc == 0 && out.n <= LIMIT_EVENT,
	    "%s: got %d, %zu bytes, want 0, "
	    "at most %d",
	    name, rc, out.n, LIMIT_EVENT);
	json_t *j = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, &e);
	ck_assert_msg(j != NULL, "%s: got no JSON: %s", name, e.text);
	json_decref(j);
	size_t n = strlen(end);
	ck_assert_msg(out.n > n && memcmp(out.p + out.n - n, end, n) == 0,
	    "%s: got ..%.*s, want ..%s", name, (int)(n + 40), out.p + out.n - n - 40,
	    end);
	buf_free(&out);
}

START_TEST(the_largest_event_stays_below_64_kib)
{
	static const char letters[] = { 'x', '"', '\\', '\t', '\xff' };
	struct event_pair pair[LIMIT_HEADERS];
	char text[4096], name[LIMIT_HEADERS][8];

	for (size_t k = 0; k < COUNT(letters); k++) {
		struct event ev = minimal();

		memset(text, letters[k], sizeof text);
		for (size_t i = 0; i < LIMIT_HEADERS; i++) {
			int n = snprintf(name[i], sizeof name[i], "x-%zu", i);
			pair[i] = (struct event_pair){ { name[i], (size_t)n },
				{ text, 1024 } };
		}
		ev.headers = pair;
		ev.nheaders = 5;
		is_valid("five headers", &ev,
		    k == 4 ? ",\"truncated\":[\"headers\"]}" : "\"}}");
		ev.nheaders = LIMIT_HEADERS;
		is_valid(
		    "64 headers of 1024 bytes", &ev, "},\"truncated\":[\"headers\"]}");
		ev.nheaders = 0;
		ev.labels = pair;
		ev.nlabels = LIMIT_HEADERS;
		is_valid(
		    "64 labels of 1024 bytes", &ev, "},\"truncated\":[\"labels\"]}");
		ev.headers = ev.metadata = ev.native = pair;
		ev.nheaders = ev.nmetadata = ev.nextra = LIMIT_HEADERS;
		for (size_t i = 0; i < COUNT(limit_cases); i++)
			set_text(&ev, i, (struct slice){ text, sizeof text });
		struct slice s = { text, sizeof text };
		ev.feedback = (struct event_feedback){ s, s, s, s, s, s };
		ev.source = (struct event_source){ s, s, s, s, s, UINT32_MAX };
		is_valid("everything", &ev,
		    "\"feedback\",\"source\",\"labels\",\"metadata\",\"headers\","
		    "\"native\"]}");
	}
}
END_TEST

START_TEST(a_full_buf_stays_as_it_was)
{
	struct event ev = minimal();
	struct buf out;
	char before[300];
	int last = -1;

	memset(before, 'b', sizeof before);
	ev.diagnostic = SLICE("550 5.1.1 <a@b>: User unknown");
	for (size_t max = sizeof before; max < 1200; max++) {
		buf_init(&out, max);
		buf_add(&out, (struct slice){ before, sizeof before });
		int rc = event_json(&ev, &out);
		bool kept = out.n >= sizeof before && !out.failed &&
			    memcmp(out.p, before, sizeof before) == 0;
		ck_assert_msg(
		    kept && (rc == 0 ? out.n > sizeof before && out.n <= max
				     : rc == -E2BIG && out.n == sizeof before),
		    "cap %zu: got %d, %zu bytes, failed %d, want 0, or %d and 300 "
		    "bytes",
		    max, rc, out.n, out.failed, -E2BIG);
		last = rc;
		buf_free(&out);
	}
	ck_assert_msg(last == 0, "a cap of 1199: got %d, want 0", last);
	buf_init(&out, ROOM);
	out.failed = true;
	int rc = event_json(&ev, &out);
	ck_assert_msg(rc < 0 && out.n == 0 && out.failed,
	    "a buf that has failed: got %d, %zu bytes, failed %d, want it refused", rc,
	    out.n, out.failed);
	buf_free(&out);
}
END_TEST

void
event_add_limit_tests(TCase *t)
{
	tcase_add_loop_test(t, what_is_cut_is_named, 0, COUNT(limit_cases));
	tcase_add_test(t, the_largest_event_stays_below_64_kib);
	tcase_add_test(t, a_full_buf_stays_as_it_was);
}
