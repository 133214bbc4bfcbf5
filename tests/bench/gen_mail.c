/*
 * gen_mail.c - a Debian mail.log of Postfix: ISO prefix, 64 messages under way at a
 * time.
 *
 * A message makes six lines or more, one of them a delivery: about one line in six.
 * quiet: no line is an outcome but the last one, whose event says that all were read.
 */
#include "gen.h"

enum { MESSAGES = 64 };

enum step { CONNECT, CLIENT, MESSAGE_ID, ACTIVE, TLS, TO, REMOVED, STEPS };

static struct message {
	enum step step;
	uint64_t id; /* of the queue */
	char recipient[128];
} message[MESSAGES];

static const struct {
	unsigned share; /* of 100 */
	const char *text;
} outcome[] = {
	{ 74, "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as $I)" },
	{ 7, "dsn=5.1.1, status=bounced (host mx1.example.net[192.0.2.10] said: 550 "
	     "5.1.1 "
	     "<$R>: Recipient address rejected: User unknown (in reply to RCPT TO "
	     "command))" },
	{ 5, "dsn=5.7.1, status=bounced (host mx1.example.net[192.0.2.10] said: 554 "
	     "5.7.1 "
	     "[$I] Message refused as spam (in reply to end of DATA command))" },
	{ 5, "dsn=5.2.2, status=bounced (host mx1.example.net[192.0.2.10] said: 552 "
	     "5.2.2 "
	     "<$R>: mailbox full, over by $N KB (in reply to RCPT TO command))" },
	{ 9, "dsn=4.7.0, status=deferred (host mx1.example.net[192.0.2.10] said: 451 "
	     "4.7.0 "
	     "Try again later $I (in reply to RCPT TO command))" },
};

static void
put_prefix(struct gen *g, uint64_t row, const char *daemon)
{
	gen_text(g, "2026-11-21T");
	gen_number(g, row / 720000 % 24, 2);
	gen_char(g, ':');
	gen_number(g, row / 12000 % 60, 2);
	gen_char(g, ':');
	gen_number(g, row / 200 % 60, 2);
	gen_char(g, '.');
	gen_number(g, row % 200 * 5000, 6);
	gen_text(g, "+00:00 mx01 postfix/");
	gen_text(g, daemon);
	gen_char(g, '[');
	gen_number(g, 1000 + row % 64, 4);
	gen_text(g, "]: ");
}

/* true: it stays in the queue. */
static int
put_outcome(struct gen *g, const struct message *m)
{
	unsigned draw = gen_random(g, 100);
	unsigned i = 0;

	while (draw >= outcome[i].share)
		draw -= outcome[i++].share;
	gen_text(g, "to=<");
	gen_text(g, m->recipient);
	gen_text(g, ">, relay=mx1.example.net[192.0.2.10]:25, delay=");
	gen_fill(g, "$N.4, delays=0.02/0.01/0.3/0.07, ", "");
	gen_fill(g, outcome[i].text, m->recipient);
	g->events++;
	return i == 4;
}

static void
begin(struct gen *g, struct message *m)
{
	m->step = CONNECT;
	m->id = 0x4000000000 + (g->random & 0xffffffffff);
	gen_recipient(g, m->recipient);
}

static void
put_id(struct gen *g, const struct message *m)
{
	gen_hex(g, m->id, 11);
	gen_text(g, ": ");
}

static void
put_line(struct gen *g, struct message *m, uint64_t row)
{
	static const char *const daemon[STEPS] = { "smtpd", "smtpd", "cleanup", "qmgr",
		"smtp", "smtp", "qmgr" };
	enum step next = m->step + 1;

	put_prefix(g, row, daemon[m->step]);
	if (m->step != CONNECT && m->step != TLS)
		put_id(g, m);
	switch (m->step) {
	case CONNECT:
		gen_text(g, "connect from app01.example.com[192.0.2.77]");
		break;
	case CLIENT:
		gen_text(g, "client=app01.example.com[192.0.2.77], sasl_method=PLAIN, "
			    "sasl_username=campaign");
		break;
	case MESSAGE_ID:
		gen_fill(g, "message-id=<20261121.$I.$N@lists.example.com>", "");
		break;
	case ACTIVE:
		gen_fill(g,
		    "from=<news+$N@lists.example.com>, size=41$N, nrcpt=1 (queue "
		    "active)",
		    "");
		next = gen_random(g, 3) ? TO : TLS;
		break;
	case TLS:
		gen_text(g, "Trusted TLS connection established to "
			    "mx1.example.net[192.0.2.10]:25: TLSv1.3 with cipher "
			    "TLS_AES_256_GCM_SHA384 (256/256 bits)");
		break;
	case TO:
		next = put_outcome(g, m) ? ACTIVE : REMOVED;
		break;
	default:
		gen_text(g, "removed");
	}
	gen_char(g, '\n');
	m->step = next;
	if (next == STEPS)
		begin(g, m);
}

void
gen_mail(struct gen *g, int quiet)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		begin(g, &message[i]);
		message[i].step = gen_random(g, TO);
	}
	for (uint64_t row = 0; row < g->rows; row++) {
		struct message *m = &message[gen_random(g, MESSAGES)];
		if (quiet && m->step == TO)
			m->step = REMOVED;
		if (quiet && row + 1 == g->rows)
			m->step = TO;
		put_line(g, m, row);
	}
}
