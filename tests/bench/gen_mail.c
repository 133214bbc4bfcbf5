/*
 * gen_mail.c - a mail.log of Postfix as a sender of campaigns has it: 64 messages under
 * way at a time, thousands that wait for their next try.
 *
 * One line in six or so is a delivery status. Debian 12's form (ISO 8601 times, short
 * queue ids), RFC 3164 times with long queue ids, or quiet: no line is an outcome but
 * the last one, whose event says that all were read.
 */
#include "gen.h"

#include <stdbool.h>
#include <string.h>

enum {
	BUSY = 64,
	PARKED = 4096,
	RECIPIENTS = 4,
	TRIES = 4,
	DSN = 0x15555 /* its number, to its message's */
};

enum step {
	CONNECT,
	CLIENT,
	MESSAGE_ID,
	ACTIVE,
	TLS,
	TO,
	EXPIRED,
	DSN_MESSAGE_ID,
	DSN_ACTIVE,
	NOTIFIED,
	DSN_REMOVED,
	REMOVED,
	DISCONNECT,
	STEPS
};

static struct message {
	enum step step;
	unsigned tries, left, at;  /* recipients: in the queue, the next one */
	unsigned deferred, failed; /* of this try */
	uint64_t queued;           /* the row that began it */
	uint64_t number;           /* of the queue id */
	char recipient[RECIPIENTS][128];
} busy[BUSY], parked[PARKED];

enum { SENT, BOUNCED, DEFERRED };

static const struct {
	unsigned share; /* of 100 */
	unsigned status;
	const char *text;
} outcome[] = {
	{ 76, SENT, "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as $I)" },
	{ 5, BOUNCED,
	    "dsn=5.1.1, status=bounced (host mx1.example.net[192.0.2.10] said: "
	    "550 5.1.1 <$R>: Recipient address rejected: User unknown (in "
	    "reply to RCPT TO command))" },
	{ 3, BOUNCED,
	    "dsn=5.7.1, status=bounced (host mx1.example.net[192.0.2.10] said: "
	    "554 5.7.1 [$I] Message refused as spam (in reply to end of DATA "
	    "command))" },
	{ 3, BOUNCED,
	    "dsn=5.2.2, status=bounced (host mx1.example.net[192.0.2.10] said: "
	    "552 5.2.2 <$R>: mailbox full, over by $N KB (in reply to RCPT TO "
	    "command))" },
	{ 1, BOUNCED,
	    "dsn=5.4.4, status=bounced (Host or domain name not found. Name "
	    "service error for name=$N.example type=AAAA: Host not found)" },
	{ 8, DEFERRED,
	    "dsn=4.7.0, status=deferred (host mx1.example.net[192.0.2.10] "
	    "said: 451 4.7.0 Try again later $I (in reply to RCPT TO "
	    "command))" },
	{ 4, DEFERRED,
	    "dsn=4.4.1, status=deferred (connect to "
	    "mx1.example.net[192.0.2.10]:25: Connection timed out)" },
};

/* What belongs to no message, or to none that is ours: no outcome. */
static const struct {
	const char *daemon, *text;
} other[] = {
	{ "smtpd", "warning: hostname h$N.example.net does not resolve to address "
		   "198.51.100.7: Name or service not known" },
	{ "smtpd", "NOQUEUE: reject: RCPT from unknown[198.51.100.7]: 554 5.7.1 "
		   "<x$N@example.net>: Relay access denied; from=<a@example.net> "
		   "to=<x$N@example.net> proto=ESMTP helo=<h$N>" },
	{ "smtpd", "lost connection after AUTH from unknown[198.51.100.$N]" },
	{ "anvil",
	    "statistics: max connection rate $N/60s for (smtp:192.0.2.77) at Nov "
	    "21 01:02:03" },
	{ "smtp", "connect to mx2.example.net[192.0.2.11]:25: Connection timed out" },
	{ "smtp",
	    "$I0: host mx2.example.net[192.0.2.11] said: 450 4.2.0 <b$N@example.net>: "
	    "Recipient address rejected: Greylisted (in reply to RCPT TO command)" },
	{ "scache", "statistics: start interval Nov 21 01:02:03" },
};

static const char *const short_month_first = "Nov 21 ";
static bool form_3164, form_quiet;

static void
put_clock(struct gen *g, uint64_t row)
{
	gen_number(g, row / 720000 % 24, 2);
	gen_char(g, ':');
	gen_number(g, row / 12000 % 60, 2);
	gen_char(g, ':');
	gen_number(g, row / 200 % 60, 2);
}

static void
put_prefix(struct gen *g, uint64_t row, const char *daemon)
{
	gen_text(g, form_3164 ? short_month_first : "2026-11-21T");
	put_clock(g, row);
	if (!form_3164) {
		gen_char(g, '.');
		gen_number(g, row % 200 * 5000, 6);
		gen_text(g, "+00:00");
	}
	gen_text(g, " mx01 postfix/");
	gen_text(g, daemon);
	gen_char(g, '[');
	gen_number(g, 1000 + row % 64, 4);
	gen_text(g, "]: ");
}

/* digits of v in base 52 without vowels, the most significant first */
static void
put_52(struct gen *g, uint64_t v, unsigned width)
{
	static const char digit[] =
	    "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";
	char text[16] = { 0 };

	for (unsigned i = width; i-- > 0; v /= 52)
		text[i] = digit[v % 52];
	gen_text(g, text);
}

/* Postfix's own forms: hex digits, or seconds, microseconds, "z" and the inode. */
static void
put_number(struct gen *g, const struct message *m, uint64_t number)
{
	if (form_3164) {
		put_52(g, 1795219200 + m->queued / 200, 6);
		put_52(g, number % 1000000, 4);
		gen_char(g, 'z');
		put_52(g, number >> 20, 3);
	} else {
		gen_hex(g, number, 11);
	}
}

static void
put_id(struct gen *g, const struct message *m)
{
	bool dsn = m->step == DSN_MESSAGE_ID || m->step == DSN_ACTIVE ||
		   m->step == DSN_REMOVED;

	put_number(g, m, dsn ? m->number ^ DSN : m->number);
	gen_text(g, ": ");
}

/* One recipient's outcome. */
static void
put_outcome(struct gen *g, struct message *m, uint64_t row)
{
	/* what was deferred once is so again more often */
	unsigned draw = m->tries > 0 ? 60 + gen_random(g, 40) : gen_random(g, 100);
	unsigned i = 0;

	while (draw >= outcome[i].share)
		draw -= outcome[i++].share;
	gen_text(g, "to=<");
	gen_text(g, m->recipient[m->at]);
	gen_text(g, ">, relay=mx1.example.net[192.0.2.10]:25, delay=");
	gen_number(g, (row - m->queued) / 200, 1);
	gen_fill(g, ".4, delays=0.$N/0.01/0.3/0.07, ", "");
	gen_fill(g, outcome[i].text, m->recipient[m->at]);
	g->events++;
	if (outcome[i].status == DEFERRED) { /* it stays, in front */
		memmove(m->recipient[m->deferred], m->recipient[m->at],
		    sizeof m->recipient[0]);
		m->deferred++;
	}
	m->failed += outcome[i].status == BOUNCED;
	m->at++;
}

static void
begin(struct gen *g, struct message *m, uint64_t row)
{
	*m = (struct message){ .left = 1, .queued = row };
	m->number = 0x4000000000 + (g->random & 0xffffffffff);
	while (m->left < RECIPIENTS && gen_random(g, 4) == 0)
		m->left++;
	for (unsigned i = 0; i < m->left; i++)
		gen_recipient(g, m->recipient[i]);
}

/* What comes after the recipient whose outcome was just written. */
static enum step
after_outcome(struct message *m)
{
	if (m->at < m->left)
		return TO;
	m->left = m->deferred;
	m->at = m->deferred = 0;
	m->tries++;
	if (m->left > 0 && m->tries == TRIES)
		return EXPIRED;
	if (m->left > 0)
		return ACTIVE;
	return m->failed > 0 ? DSN_MESSAGE_ID : REMOVED;
}

static enum step
put_queue_step(struct gen *g, struct message *m, uint64_t row)
{
	switch (m->step) {
	case CLIENT:
		gen_text(g, "client=app01.example.com[192.0.2.77], sasl_method=PLAIN, "
			    "sasl_username=campaign");
		return MESSAGE_ID;
	case MESSAGE_ID:
	case DSN_MESSAGE_ID:
		gen_fill(g, "message-id=<20261121.$I.$N@lists.example.com>", "");
		return m->step + 1;
	case ACTIVE:
		gen_fill(g, "from=<news+$N@lists.example.com>, size=41$N, nrcpt=", "");
		gen_number(g, m->left, 1);
		gen_text(g, " (queue active)");
		return gen_random(g, 3) ? TO : TLS;
	case TO:
		put_outcome(g, m, row);
		return after_outcome(m);
	case EXPIRED:
		gen_text(g,
		    "from=<news@lists.example.com>, status=expired, returned to "
		    "sender");
		g->events += m->left;
		return DSN_MESSAGE_ID;
	case DSN_ACTIVE: /* its own delivery is left out */
		gen_text(g, "from=<>, size=3817, nrcpt=1 (queue active)");
		return NOTIFIED;
	case NOTIFIED:
		gen_text(g, "sender non-delivery notification: ");
		put_number(g, m, m->number ^ DSN);
		return DSN_REMOVED;
	default:
		gen_text(g, "removed");
		return m->step + 1;
	}
}

static void
put_line(struct gen *g, struct message *m, uint64_t row)
{
	static const char *const daemon[STEPS] = { "smtpd", "smtpd", "cleanup", "qmgr",
		"smtp", "smtp", "qmgr", "cleanup", "qmgr", "bounce", "qmgr", "qmgr",
		"smtpd" };
	enum step was = m->step;

	put_prefix(g, row, daemon[was]);
	switch (was) {
	case CONNECT:
		gen_text(g, "connect from app01.example.com[192.0.2.77]");
		m->step = CLIENT;
		break;
	case TLS:
		gen_text(g, "Trusted TLS connection established to "
			    "mx1.example.net[192.0.2.10]:25: TLSv1.3 with cipher "
			    "TLS_AES_256_GCM_SHA384 (256/256 bits)");
		m->step = TO;
		break;
	case DISCONNECT:
		gen_text(g, "disconnect from app01.example.com[192.0.2.77] ehlo=2 "
			    "starttls=1 auth=1 mail=1 rcpt=1 data=1 quit=1 commands=8");
		begin(g, m, row);
		break;
	default:
		put_id(g, m);
		m->step = put_queue_step(g, m, row);
	}
	/* what waits for its next try gives its place to another one that did */
	if (was == TO && m->step == ACTIVE) {
		struct message *other_one = &parked[gen_random(g, PARKED)];
		struct message waits = *m;
		*m = *other_one;
		*other_one = waits;
		if (m->left == 0)
			begin(g, m, row);
	}
}

static void
put_other(struct gen *g, uint64_t row)
{
	unsigned i = gen_random(g, sizeof other / sizeof other[0]);

	put_prefix(g, row, other[i].daemon);
	gen_fill(g, other[i].text, "");
}

void
gen_mail(struct gen *g, const char *form)
{
	form_3164 = !strcmp(form, "3164");
	form_quiet = !strcmp(form, "quiet");
	for (unsigned i = 0; i < BUSY; i++) {
		begin(g, &busy[i], 0);
		busy[i].step = gen_random(g, TLS);
	}
	for (uint64_t row = 0; row < g->rows; row++) {
		struct message *m = &busy[gen_random(g, BUSY)];
		if (form_quiet && m->step == TO)
			m->step = REMOVED;
		if (form_quiet && row + 1 == g->rows)
			m->step = TO;
		if (m->step != TO && gen_random(g, 25) == 0)
			put_other(g, row);
		else
			put_line(g, m, row);
		gen_char(g, '\n');
	}
}
