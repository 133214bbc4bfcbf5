/*
 * gen_sendmail.c - a mail.log of sendmail 8.17 with RFC 3164 times: one transaction
 * with each exchanger, one line for each outcome, LogLevel 10 and more (STARTTLS,
 * `done`).
 */
#include "gen.h"

#include <string.h>

enum { BUSY = 64, PARKED = 4096, TRIES = 4 };

enum step { CONNECT, TLS_IN, FROM, TLS, TO, EXPIRED, DONE, STEPS };

static struct message {
	enum step step;
	unsigned tries;
	uint64_t queued, number;
	char recipient[128];
} busy[BUSY], parked[PARKED];

static const struct {
	unsigned share; /* of 100 */
	int deferred;
	const char *text;
} outcome[] = {
	{ 76, 0, "dsn=2.0.0, stat=Sent (Ok: queued as $I)" },
	{ 6, 0,
	    "dsn=5.1.1, reply=550 5.1.1 <$R>: Recipient address rejected: User "
	    "unknown, stat=User unknown" },
	{ 3, 0,
	    "dsn=5.7.1, reply=554 5.7.1 [$I] Message refused as spam, "
	    "stat=Service unavailable" },
	{ 3, 0,
	    "dsn=5.2.2, reply=552 5.2.2 <$R>: mailbox full, over by $N KB, "
	    "stat=Service unavailable" },
	{ 8, 1,
	    "dsn=4.7.0, reply=451 4.7.0 Try again later $I, stat=Deferred: 451 4.7.0 "
	    "Try again later $I" },
	{ 4, 1,
	    "dsn=4.0.0, stat=Deferred: Connection timed out with mx1.example.net." },
};

static void
put_prefix(struct gen *g, uint64_t row, const char *tag)
{
	gen_text(g, "Nov 21 ");
	gen_number(g, row / 720000 % 24, 2);
	gen_char(g, ':');
	gen_number(g, row / 12000 % 60, 2);
	gen_char(g, ':');
	gen_number(g, row / 200 % 60, 2);
	gen_text(g, " mx01 ");
	gen_text(g, tag);
	gen_char(g, '[');
	gen_number(g, 1000 + row % 64, 4);
	gen_text(g, "]: ");
}

/* Year, month, day, hour, minute, second in base 60, then a sequence and the pid. */
static void
put_id(struct gen *g, const struct message *m)
{
	static const char digit[] =
	    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	gen_text(g, "6AL");
	gen_char(g, digit[m->queued / 720000 % 24]);
	gen_char(g, digit[m->queued / 12000 % 60]);
	gen_char(g, digit[m->queued / 200 % 60]);
	gen_char(g, digit[m->number % 60]);
	gen_char(g, digit[m->number / 60 % 60]);
	gen_number(g, m->number / 3600 % 1000000, 6);
	gen_text(g, ": ");
}

static void
begin(struct gen *g, struct message *m, uint64_t row)
{
	*m = (struct message){ .queued = row, .number = g->random >> 20 };
	gen_recipient(g, m->recipient);
}

static void
put_delay(struct gen *g, const struct message *m, uint64_t row)
{
	uint64_t s = (row - m->queued) / 200;

	gen_text(g, "delay=");
	gen_number(g, s / 3600, 2);
	gen_char(g, ':');
	gen_number(g, s / 60 % 60, 2);
	gen_char(g, ':');
	gen_number(g, s % 60, 2);
}

static enum step
put_outcome(struct gen *g, struct message *m, uint64_t row)
{
	unsigned draw = m->tries > 0 ? 60 + gen_random(g, 40) : gen_random(g, 100);
	unsigned i = 0;

	while (draw >= outcome[i].share)
		draw -= outcome[i++].share;
	gen_text(g, "to=<");
	gen_text(g, m->recipient);
	gen_text(g, ">, ctladdr=<news@lists.example.com> (1001/1001), ");
	put_delay(g, m, row);
	gen_fill(g,
	    ", xdelay=00:00:01, mailer=esmtp, pri=12$N, relay=mx1.example.net. "
	    "[192.0.2.10], ",
	    "");
	gen_fill(g, outcome[i].text, m->recipient);
	g->events++;
	if (!outcome[i].deferred)
		return DONE;
	return ++m->tries < TRIES ? TLS : EXPIRED;
}

static void
put_line(struct gen *g, struct message *m, uint64_t row)
{
	enum step was = m->step;

	put_prefix(g, row, "sm-mta");
	if (was != TLS && was != TLS_IN)
		put_id(g, m);
	m->step = was + 1;
	switch (was) {
	case CONNECT:
		gen_text(
		    g, "--- 220 mx01.example.com ESMTP Sendmail 8.17.1.9/8.17.1.9");
		break;
	case TLS_IN:
		gen_text(g, "STARTTLS=server, relay=app01.example.com [192.0.2.77], "
			    "version=TLSv1.3, verify=NO, "
			    "cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
		break;
	case FROM:
		gen_fill(g,
		    "from=<news@lists.example.com>, size=41$N, class=0, nrcpts=1, "
		    "msgid=<20261121.$I.$N@lists.example.com>, proto=ESMTPSA, "
		    "daemon=MTA-v4, relay=app01.example.com [192.0.2.77]",
		    "");
		break;
	case TLS:
		gen_text(g, "STARTTLS=client, relay=mx1.example.net., version=TLSv1.3, "
			    "verify=FAIL, cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
		break;
	case TO:
		m->step = put_outcome(g, m, row);
		break;
	case EXPIRED:
		gen_fill(g, "6ALN3D5W000$N: DSN: Cannot send message for 5 days", "");
		g->events++;
		break;
	default:
		gen_text(g, "done; ");
		put_delay(g, m, row);
		gen_text(g, ", ntries=");
		gen_number(g, m->tries, 1);
		begin(g, m, row);
	}
	if (was == TO && m->step == TLS) {
		struct message *other = &parked[gen_random(g, PARKED)];
		struct message waits = *m;
		*m = *other;
		*other = waits;
		if (m->recipient[0] == 0)
			begin(g, m, row);
	}
}

void
gen_sendmail(struct gen *g)
{
	for (unsigned i = 0; i < BUSY; i++) {
		begin(g, &busy[i], 0);
		busy[i].step = gen_random(g, TLS);
	}
	for (uint64_t row = 0; row < g->rows; row++) {
		put_line(g, &busy[gen_random(g, BUSY)], row);
		gen_char(g, '\n');
	}
}
