/*
 * record.c - numbered records as a mail server writes them, and the numbers out of
 * events again.
 *
 * A record has its number in three fields, so that one made of two is told.
 */
#include "model.h"

#include <stdio.h>
#include <string.h>

/* The last column is filler: a record cut there has whole fields before it. */
static const struct {
	const char *header;
	const char *row; /* %1 number, %2 diagnostic, %3 filler */
} layout[] = {
	{ "type,timeLogged,orig,rcpt,dsnStatus,dsnDiag,envId,jobId\n",
	    "b,2026-11-22 "
	    "06:00:00+0000,s@lists.example.com,%1@example.net,5.1.1,%2,e%1,"
	    "%3\n" },
	{ "type,rcpt,timeLogged,dsnDiag,orig,envId,dsnStatus,jobId\n",
	    "b,%1@example.net,2026-11-22 "
	    "06:00:00+0000,%2,s@lists.example.com,e%1,5.1.1,"
	    "%3\n" },
	{ "type,timeLogged,envId,vmta,dsnStatus,dsnDiag,rcpt,orig,queue,jobId\n",
	    "b,2026-11-22 06:00:00+0000,e%1,v1,5.1.1,%2,%1@example.net,"
	    "s@lists.example.com,q,%3\n" },
};

enum { LAYOUTS = sizeof layout / sizeof layout[0] };

static const char postfix_row[] =
    "2026-11-22T06:00:00.000000+00:00 mx1 postfix/smtp[77]: %1: to=<%1@example.net>, "
    "relay=mx.example.net[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn=5.1.1, "
    "status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 %1 unknown %3 (in "
    "reply to RCPT TO command))\n";

static void
put_number(struct buf *out, unsigned number)
{
	/* a Postfix queue id, too: capital hex digits would do, 'A' begins it */
	(void)buf_printf(out, "A%06u", number);
}

static void
put_diagnostic(struct buf *out, unsigned number, unsigned shape)
{
	bool quoted = shape % 4 != 0;

	(void)buf_printf(out, "%ssmtp;550 5.1.1 A%06u ", quoted ? "\"" : "", number);
	switch (shape % 4) {
	case 0:
		(void)buf_printf(out, "unknown");
		break;
	case 1:
		(void)buf_printf(out, "unknown, sorry\"");
		break;
	case 2:
		(void)buf_printf(out, "\"\"unknown\"\"\"");
		break;
	default:
		(void)buf_printf(out, "unknown\nsecond line\"");
	}
}

/* Ends in the number: else the last bytes of two records might be the same. */
static void
put_filler(struct buf *out, unsigned number, size_t n)
{
	char digits[12];

	(void)buf_printf(out, "%s", n > 0 ? "f" : "");
	for (size_t i = 1; i < n; i++)
		(void)buf_addc(out, (char)('a' + (number + i) % 26));
	size_t k = (size_t)snprintf(digits, sizeof digits, "%06u", number);
	if (n > k)
		memcpy(out->p + out->n - k, digits, k);
}

static void
put_row(struct buf *out, const char *row, unsigned number, size_t fill, unsigned shape)
{
	for (const char *p = row; *p; p++) {
		if (*p != '%') {
			(void)buf_addc(out, *p);
			continue;
		}
		p++;
		if (*p == '1')
			put_number(out, number);
		else if (*p == '2')
			put_diagnostic(out, number, shape);
		else if (*p == '3')
			put_filler(out, number, fill);
	}
}

void
record_write(struct buf *out, const struct scene *sc, unsigned which, unsigned number,
    size_t size, unsigned shape)
{
	const char *row = sc->format == FORMAT_POSTFIX ? postfix_row
						       : layout[which % LAYOUTS].row;
	size_t begin = out->n;

	put_row(out, row, number, 0, shape);
	size_t n = out->n - begin;
	if (n < size) {
		out->n = begin;
		put_row(out, row, number, size - n, shape);
	}
}

void
record_header(struct buf *out, unsigned which)
{
	(void)buf_add(out, slice_of(layout[which % LAYOUTS].header));
}

/* Lines that are no event that anybody wants. */
void
record_noise(struct buf *out, const struct scene *sc, unsigned which, unsigned n)
{
	if (sc->format == FORMAT_POSTFIX) {
		(void)buf_printf(out,
		    "2026-11-22T06:00:00.000000+00:00 mx1 postfix/smtpd[78]: connect "
		    "from client%u.example.com[192.0.2.9]\n",
		    n);
		return;
	}
	size_t begin = out->n;
	put_row(out, layout[which % LAYOUTS].row, 900000 + n, 0, 0);
	out->p[begin] = 'd'; /* a delivery */
}

/* The number behind `what`, 0: there is none. */
static unsigned
number_behind(struct slice json, const char *what)
{
	const char *at = memmem(json.p, json.n, what, strlen(what));

	if (!at || (size_t)(json.p + json.n - at) < strlen(what) + 6)
		return 0;
	unsigned v = 0;
	for (const char *p = at + strlen(what); p < json.p + json.n && is_digit(*p);
	     p++)
		v = v * 10 + (unsigned)(*p - '0');
	return v;
}

void
record_read(struct slice json, struct arrival *out)
{
	*out = (struct arrival){ 0 };
	const char *id = memmem(json.p, json.n, "\"id\":\"", 6);
	if (id && id + 6 + 32 <= json.p + json.n)
		memcpy(out->id, id + 6, 32);
	unsigned number = number_behind(json, "\"recipient\":\"A");
	unsigned said = number_behind(json, "550 5.1.1 A");
	unsigned third = number_behind(json, "\"queue_id\":\"A");
	if (third == 0)
		third = number_behind(json, "\"envelope_id\":\"eA");
	out->number = number;
	out->mixed = said != number || third != number;
	const char *at = memmem(json.p, json.n, "\"offset\":", 9);
	for (at = at ? at + 9 : json.p + json.n; at < json.p + json.n && is_digit(*at);
	     at++)
		out->offset = out->offset * 10 + (uint64_t)(*at - '0');
}
