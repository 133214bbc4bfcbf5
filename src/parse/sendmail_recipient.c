/*
 * sendmail_recipient.c - one recipient out of a list, and what it was sent to.
 *
 * Who it was sent to stands in ctladdr= only where that is surely not the sender: where
 * the recipient is a program or a file, which none but an alias (or .forward) can name,
 * and where no mailer was called, for a local user that is none (deliver.c:
 * getctladdr(); recipient.c).
 */
#include "parse/sendmail.h"

/* The recipient at `at` of the list to x->to, the next one's place to x->next. */
void
sendmail_take_recipient(struct sendmail *x, size_t at)
{
	struct slice in = slice_from(x->d.list, at);
	size_t end = in.n;

	if (slice_find(in, ',') < in.n) /* else it is the last one */
		(void)sendmail_address_end(in, &end);
	x->next = at + end < x->d.list.n ? at + end + 1 : 0;
	in.n = end;
	in = slice_trim(in);
	x->to = in.n > 0 && (in.p[0] == '"' || in.p[0] == '|') && in.p[in.n - 1] != '>'
		    ? in /* a program */
		    : sendmail_address(in);
}

/* How many before `at` in the list are the same. */
uint32_t
sendmail_count_same(const struct sendmail *x, size_t at)
{
	struct sendmail other;
	uint32_t n = 0;

	other.d.list = x->d.list;
	for (size_t i = 0; i < at; i = other.next) {
		sendmail_take_recipient(&other, i);
		n += slice_eq(other.to, x->to);
	}
	return n;
}

/* Does an alias stand in ctladdr=? */
static bool
has_alias(const struct sendmail_delivery *d)
{
	static const struct slice programs[] = { { "prog", 4 }, { "*file*", 6 },
		{ "*include*", 9 } };

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (slice_eq(d->mailer, programs[i]))
			return true;
	}
	return !d->tried && slice_eq(d->mailer, SLICE("local")) &&
	       slice_eq(d->stat, SLICE("User unknown"));
}

/* What x->to was sent to, to x->original: before an alias, before a hop. */
void
sendmail_find_original(struct sendmail *x, const struct track_message *m)
{
	x->original = (struct slice){ 0 };
	if (x->d.control.n > 0 && has_alias(&x->d))
		x->original = sendmail_decode(
		    sendmail_address(x->d.control), x->control, sizeof x->control);
	if (!m)
		return;
	struct slice first = track_original(m, x->original.n > 0 ? x->original : x->to);
	if (first.n > 0)
		x->original = first;
}

/* "\joe" is joe, whatever his aliases are. */
struct slice
sendmail_readable(struct slice raw, char *text, size_t max)
{
	struct slice s = sendmail_decode(raw, text, max);

	return s.n > 1 && s.p[0] == '\\' ? slice_from(s, 1) : s;
}
