/*
 * gen_pmta.c - PowerMTA accounting rows: 5.0's default columns, 357 bytes on average.
 *
 * 96 of 100 are bounces, the rest deliveries and transients. The length of envId evens
 * out the others. few: nine replies; varied: 2,000 texts, most with the address or an
 * id in it.
 */
#include "gen.h"

#include <stdio.h>

enum { ROW_BYTES = 357, TEXTS = 2000, ENVID_MIN = 4, ENVID_MAX = 120 };

static const struct reply {
	const char *status, *category, *text;
} few[] = {
	{ "5.1.1 (bad destination mailbox address)", "bad-mailbox",
	    "smtp;550 5.1.1 User unknown" },
	{ "5.1.1 (bad destination mailbox address)", "bad-mailbox",
	    "smtp;550 5.1.1 The email account that you tried to reach does not exist" },
	{ "5.2.2 (mailbox full)", "quota-issues", "smtp;552 5.2.2 Mailbox full" },
	{ "5.7.1 (delivery not authorized)", "spam-related",
	    "smtp;554 5.7.1 Message refused: spam content" },
	{ "5.7.1 (delivery not authorized)", "policy-related",
	    "smtp;550 5.7.1 Service unavailable: client host blocked using a list" },
	{ "5.2.1 (mailbox disabled)", "inactive-mailbox",
	    "smtp;550 5.2.1 This mailbox is disabled" },
	{ "5.4.4 (unable to route)", "bad-domain", "smtp;550 5.4.4 Host not found" },
	{ "5.4.7 (delivery time expired)", "message-expired",
	    "smtp;421 4.7.0 Try again later" },
	{ "5.0.0 (undefined status)", "other", "smtp;550 Requested action not taken" },
};

static const struct reply varied[] = {
	{ "5.1.1 (bad destination mailbox address)", "bad-mailbox",
	    "smtp;550 5.1.1 <$R>: Recipient address rejected: User unknown" },
	{ "5.1.1 (bad destination mailbox address)", "bad-mailbox",
	    "smtp;550-5.1.1 No such user $R here - gsmtp $I" },
	{ "5.2.2 (mailbox full)", "quota-issues",
	    "smtp;552 5.2.2 <$R>: over quota by $N KB" },
	{ "5.7.1 (delivery not authorized)", "spam-related",
	    "smtp;554 5.7.1 [$I] Message scored $N points and was refused" },
	{ "5.7.1 (delivery not authorized)", "policy-related",
	    "smtp;550 5.7.1 Unfortunately messages from 203.0.113.$N were not sent "
	    "($I)" },
	{ "5.2.1 (mailbox disabled)", "inactive-mailbox",
	    "smtp;550 5.2.1 The account of $R is inactive; see case $I" },
	{ "4.4.2 (bad connection)", "bad-connection",
	    "smtp;421 4.4.2 mx$N timeout exceeded $I" },
	{ "5.7.26 (multiple authentication checks failed)", "policy-related",
	    "smtp;550 5.7.26 This mail has been blocked as unauthenticated $I" },
	{ "5.0.0 (undefined status)", "other",
	    "smtp;550 Requested action not taken $I" },
	{ "5.3.0 (other mail system status)", "other",
	    "smtp;550 permanent failure for one or more recipients ($R:$N)" },
};

/* Seconds since midnight; a date does not change within one file of the bench. */
static void
put_time(struct gen *g, uint64_t second)
{
	gen_text(g, "2026-03-");
	gen_number(g, 2 + second / 86400 % 28, 2);
	gen_char(g, ' ');
	gen_number(g, second / 3600 % 24, 2);
	gen_char(g, ':');
	gen_number(g, second / 60 % 60, 2);
	gen_char(g, ':');
	gen_number(g, second % 60, 2);
	gen_text(g, "+0000,");
}

static void
put_reply(struct gen *g, const struct reply *r, int text, const char *recipient)
{
	gen_text(g, r->status);
	gen_char(g, ',');
	gen_fill(g, r->text, recipient);
	if (text >= 0) {
		gen_text(g, " E");
		gen_number(g, (uint64_t)text, 4);
	}
}

/* Characters that bring the average of the rows to ROW_BYTES. */
static void
put_envid(struct gen *g, uint64_t row, uint64_t first, size_t rest)
{
	int64_t want = (int64_t)(first + (row + 1) * ROW_BYTES) -
		       (int64_t)(g->bytes + rest);

	want = want < ENVID_MIN ? ENVID_MIN : want > ENVID_MAX ? ENVID_MAX : want;
	for (int64_t i = 0; i < want; i++)
		gen_char(g, (char)('a' + (row + (uint64_t)i) % 26));
}

static void
put_row(struct gen *g, uint64_t row, uint64_t first, int is_varied)
{
	static const struct reply sent = { "2.0.0 (success)", "success",
		"smtp;250 2.0.0 Ok: queued as $I" };
	uint32_t kind = gen_random(g, 100);
	int text = is_varied ? (int)gen_random(g, TEXTS) : -1;
	const struct reply *r = is_varied ? &varied[text % 10] : &few[gen_random(g, 9)];
	char recipient[128];

	if (kind >= 98)
		r = &sent;
	gen_recipient(g, recipient);
	gen_text(g, kind >= 98 ? "d," : kind >= 96 ? "t," : "b,");
	put_time(g, 30000 + row / 50);
	put_time(g, 29998 + row / 50 - gen_random(g, 600));
	gen_text(g, "news@lists.example.com,");
	gen_text(g, recipient);
	gen_text(g, kind >= 98   ? ",,relayed,"
		    : kind >= 96 ? ",,delayed,"
				 : ",,failed,");
	put_reply(g, r, kind >= 98 ? -1 : text, recipient);
	gen_text(g, ",mx1.example.net (192.0.2.");
	gen_number(g, 1 + gen_random(g, 250), 1);
	gen_text(g, "),");
	gen_text(g, r->category);
	gen_text(g, ",api,,smtp,203.0.113.5,192.0.2.10,\"SIZE,8BITMIME\",,vmta");
	gen_number(g, 1 + gen_random(g, 4), 1);
	gen_text(g, ",job-");
	gen_number(g, 17 + row / 100000, 1);
	gen_char(g, ',');
	put_envid(g, row, first, sizeof ",example.net/vmta1,p\n" - 1);
	gen_text(g, ",example.net/vmta1,p\n");
}

void
gen_pmta(struct gen *g, int is_varied)
{
	gen_text(g, "type,timeLogged,timeQueued,orig,rcpt,orcpt,dsnAction,dsnStatus,"
		    "dsnDiag,dsnMta,bounceCat,srcType,srcMta,dlvType,dlvSourceIp,"
		    "dlvDestinationIp,dlvEsmtpAvailable,dlvSize,vmta,jobId,envId,queue,"
		    "vmtaPool\n");
	uint64_t first = g->bytes;
	for (uint64_t i = 0; i < g->rows; i++)
		put_row(g, i, first, is_varied);
	g->events = g->rows;
}
