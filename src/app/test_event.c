/*
 * test_event.c - one event of each type with "test": true, as docs/event.schema.json
 * has them. Its id is random: it comes from no record.
 */
#include "app/test.h"

#include "app/app.h"
#include "app/follow.h"
#include "app/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct event sample[EVENT_TYPE_COUNT] = {
	[EVENT_BOUNCE] = {
		.mode = EVENT_SYNC,
		.class = EVENT_HARD,
		.reason = REASON_USER_UNKNOWN,
		.rule = SLICE("status:5.1.1"),
		.action = ACTION_FAILED,
		.status = SLICE("5.1.1"),
		.smtp_code = 550,
		.diagnostic = SLICE("550 5.1.1 test of bouncefeed"),
	},
	[EVENT_DEFERRAL] = {
		.mode = EVENT_SYNC,
		.class = EVENT_SOFT,
		.reason = REASON_MAILBOX_FULL,
		.rule = SLICE("status:4.2.2"),
		.action = ACTION_DELAYED,
		.status = SLICE("4.2.2"),
		.smtp_code = 452,
		.diagnostic = SLICE("452 4.2.2 test of bouncefeed"),
	},
	[EVENT_DELIVERY] = {
		.action = ACTION_RELAYED,
		.status = SLICE("2.0.0"),
		.smtp_code = 250,
		.diagnostic = SLICE("250 2.0.0 test of bouncefeed"),
	},
	[EVENT_COMPLAINT] = {
		.feedback = {
			.type = SLICE("abuse"),
			.format = SLICE("arf"),
			.user_agent = SLICE("bouncefeed/" BOUNCEFEED_VERSION),
		},
	},
	[EVENT_RETURNED] = { .mode = EVENT_ASYNC },
};

/* Recipients are without angle brackets. */
static struct slice
bare(struct slice a)
{
	a = slice_trim(a);
	if (a.n > 2 && a.p[0] == '<' && a.p[a.n - 1] == '>')
		a = (struct slice){ a.p + 1, a.n - 2 };
	return a;
}

int
test_event(
    const struct config *c, const char *type, const char *recipient, struct buf *out)
{
	struct config_source none = { 0 };
	char domain[LIMIT_ADDRESS];
	enum event_type t = event_type_of(slice_of(type));
	int64_t now = clock_wall_ms();
	size_t nlabels;

	if (t == EVENT_TYPE_NONE)
		return -EINVAL;
	struct event ev = sample[t];
	spool_key(ev.id);
	ev.type = t;
	ev.time = (struct when){
		.sec = now / 1000, .nsec = (int32_t)(now % 1000) * 1000000, .digits = 3
	};
	ev.recipient = bare(slice_of(recipient));
	ev.recipient_domain = (struct slice){ domain,
		event_domain(ev.recipient, domain) };
	ev.sender = t == EVENT_RETURNED ? SLICE("<>") : SLICE("sender@example.com");
	ev.delay = -1;
	ev.source = (struct event_source){ .name = SLICE("test"),
		.format = SLICE("test"),
		.host = slice_of(c->host) };
	ev.test = true;
	struct event_pair *labels = config_labels(c, &none, &nlabels);
	ev.labels = labels;
	ev.nlabels = labels ? nlabels : 0;
	int rc = event_json(&ev, out);
	free(labels);
	return rc < 0 ? rc : buf_addc(out, '\n');
}
