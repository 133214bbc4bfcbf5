/*
 * test_hostile.c - addresses that hold whole delivery lines, in both forms of Postfix:
 * with quotes (since 3.5) and without.
 *
 * What a row wants is what Postfix meant. A line is bad where it has two meanings, both
 * of which Postfix can write.
 */
#include "test_hostile.h"

#include <check.h>
#include <string.h>

#include "suites.h"
#include "test_maillog.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct parse_env env = { 0 };

/* One wanted line against one that was told. */
static bool
fits(struct slice want, struct slice got)
{
	bool bad = slice_starts(got, SLICE("bad:"));

	if (slice_eq(want, SLICE("bad")))
		return bad;
	if (slice_starts(want, SLICE("? "))) {
		if (bad)
			return true;
		want = slice_from(want, 2);
	}
	return slice_eq(got, want) ||
	       (slice_starts(got, want) &&
		   slice_starts(slice_from(got, want.n), SLICE(" queue=")));
}

static struct slice
take_line(struct slice *in)
{
	struct slice line = { in->p, slice_find(*in, '\n') };

	*in = slice_from(*in, line.n + 1);
	return line;
}

static bool
all_fit(struct slice want, struct slice got)
{
	while (want.n > 0 && got.n > 0) {
		if (!fits(take_line(&want), take_line(&got)))
			return false;
	}
	return want.n == 0 && got.n == 0;
}

static void
check_row(const struct hostile *row, struct buf *faults)
{
	struct slice want = slice_of(row->want), got;
	struct buf out;

	buf_init(&out, 4 << 20);
	maillog_tell(&parse_maillog, &env, slice_of(row->lines), false, &out);
	got = buf_slice(&out);
	bool ok = slice_eq(want, SLICE("none"))
		      ? got.n == 0 || (slice_starts(got, SLICE("bad:")) &&
					  slice_find(got, '\n') + 1 == got.n)
		      : all_fit(want, got);
	if (!ok)
		(void)buf_printf(faults, "%s: got\n%.*swant\n%s\n", row->name,
		    (int)got.n, got.n ? got.p : "", row->want);
	buf_free(&out);
}

void
hostile_check(const struct hostile *row, size_t n)
{
	struct buf faults; /* all of them: what fails may have one cause */

	buf_init(&faults, 1 << 20);
	for (size_t i = 0; i < n; i++)
		check_row(&row[i], &faults);
	ck_assert_msg(faults.n == 0, "\n%.*s", (int)faults.n, faults.n ? faults.p : "");
	buf_free(&faults);
}

/* The last line that was told, up to its status. */
static struct slice
last_told(struct slice got)
{
	struct slice line = { 0 };

	while (got.n > 0)
		line = take_line(&got);
	for (size_t at = 0; at < line.n; at++) {
		if (slice_starts(slice_from(line, at), SLICE(" queue=")))
			return (struct slice){ line.p, at };
	}
	return line;
}

/* The same type and recipient? A status may have gone with the end of the line. */
static bool
same_outcome(struct slice a, struct slice b)
{
	a.n = slice_rfind(a, ' ');
	b.n = slice_rfind(b, ' ');
	return slice_eq(a, b);
}

static size_t
lines_in(struct slice s)
{
	size_t n = 0;

	while (s.n > 0) {
		(void)take_line(&s);
		n++;
	}
	return n;
}

void
hostile_cut(const struct hostile *row, const char *meant)
{
	struct slice lines = slice_of(row->lines);
	size_t last = slice_rfind((struct slice){ lines.p, lines.n - 1 }, '\n');
	struct buf whole, cut;

	last = last == lines.n - 1 ? 0 : last + 1; /* where the last line begins */
	buf_init(&whole, 1 << 20);
	buf_init(&cut, 1 << 20);
	maillog_tell(&parse_maillog, &env, lines, false, &whole);
	for (size_t n = last; n < lines.n; n++) {
		buf_clear(&cut);
		maillog_tell(
		    &parse_maillog, &env, (struct slice){ lines.p, n }, false, &cut);
		struct slice got = last_told(buf_slice(&cut));
		bool ok = lines_in(buf_slice(&cut)) < lines_in(buf_slice(&whole)) ||
			  slice_starts(got, SLICE("bad:")) ||
			  same_outcome(got,
			      meant ? slice_of(meant) : last_told(buf_slice(&whole)));
		ck_assert_msg(ok, "%s, cut to %zu of %zu: got %.*s from ...%.*s",
		    row->name, n - last, lines.n - last, (int)got.n, got.p,
		    n > 60 ? 60 : (int)n, lines.p + (n > 60 ? n - 60 : 0));
	}
	buf_free(&whole);
	buf_free(&cut);
}

/* --- addresses with quotes ---------------------------------------------------------
 */

#define QUOTED(local, tail) SMTP "to=<\"" local "\"@d.test>, " tail "\n"

static const struct hostile quoted[] = {
	{ "blank", QUOTED("john doe", D_BOUNCED), "bounce \"john doe\"@d.test 5.1.1" },
	{ "comma", QUOTED("a, b", D_BOUNCED), "bounce \"a, b\"@d.test 5.1.1" },
	{ "angle bracket", QUOTED("a>b", D_BOUNCED), "bounce \"a>b\"@d.test 5.1.1" },
	{ "parentheses", QUOTED("a)b(c", D_BOUNCED), "bounce \"a)b(c\"@d.test 5.1.1" },
	{ "quote", QUOTED("q\\\"uote", D_BOUNCED),
	    "bounce \"q\\\"uote\"@d.test 5.1.1" },
	{ "quote at the end", QUOTED("q\\\"", D_BOUNCED),
	    "bounce \"q\\\"\"@d.test 5.1.1" },
	{ "backslash at the end", QUOTED("b\\\\", D_BOUNCED),
	    "bounce \"b\\\\\"@d.test 5.1.1" },
	{ "backslash, then quote", QUOTED("\\\\\\\"", D_BOUNCED),
	    "bounce \"\\\\\\\"\"@d.test 5.1.1" },
	{ "nothing", QUOTED("", D_BOUNCED), "bounce \"\"@d.test 5.1.1" },
	{ "at", QUOTED("victim@v.test", D_BOUNCED),
	    "bounce \"victim@v.test\"@d.test 5.1.1" },
	{ "end of an address", QUOTED("victim@v.test>, ", D_BOUNCED),
	    "bounce \"victim@v.test>, \"@d.test 5.1.1" },
	{ "a delivery to nobody", QUOTED("x>, " NONE_SENT, D_BOUNCED),
	    "bounce \"x>, " NONE_SENT "\"@d.test 5.1.1" },
	{ "a victim's bounce",
	    QUOTED(
		"x@v.test>, " V_BOUNCED, D_RELAY "2.0.0, status=sent (250 2.0.0 Ok)"),
	    "delivery \"x@v.test>, " V_BOUNCED "\"@d.test 2.0.0" },
	{ "a victim's delivery", QUOTED("x@v.test>, " V_SENT, D_BOUNCED),
	    "bounce \"x@v.test>, " V_SENT "\"@d.test 5.1.1" },
	{ "an orig_to", QUOTED("x@a.test>, orig_to=<victim@v.test", D_BOUNCED),
	    "bounce \"x@a.test>, orig_to=<victim@v.test\"@d.test 5.1.1" },
	{ "a quoted orig_to with a delivery in it",
	    SMTP "to=<a@d.test>, orig_to=<\"x>, " NONE_SENT "\"@o.test>, " D_BOUNCED
		 "\n",
	    "bounce \"x>, " NONE_SENT "\"@o.test 5.1.1 queue=" QID " final=a@d.test" },
	{ "quotes on both sides",
	    SMTP "to=<\"a b\"@d.test>, orig_to=<\"c>, d\"@o.test>, " D_BOUNCED "\n",
	    "bounce \"c>, d\"@o.test 5.1.1 queue=" QID " final=\"a b\"@d.test" },
	{ "no domain",
	    SMTP "to=<\"john doe\">, relay=local" TIMES
		 "5.1.1, status=bounced (unknown user: \"john doe\")\n",
	    "bounce \"john doe\" 5.1.1" },
	{ "words of the line itself",
	    SMTP "to=<status=sent@d.test>, orig_to=<relay=none@o.test>, " D_BOUNCED
		 "\n",
	    "bounce relay=none@o.test 5.1.1 queue=" QID " final=status=sent@d.test" },
	{ "address literals",
	    SMTP "to=<a@[192.0.2.9]>, " D_BOUNCED "\n" SMTP
		 "to=<a@[IPv6:2001:db8::1]>, " D_BOUNCED "\n",
	    "bounce a@[192.0.2.9] 5.1.1\nbounce a@[IPv6:2001:db8::1] 5.1.1" },
	{ "UTF-8", SMTP "to=<j\xc3\xb6rg@d\xc3\xbc.test>, " D_BOUNCED "\n",
	    "bounce j\xc3\xb6rg@d\xc3\xbc.test 5.1.1" },
	{ "keys of all versions between",
	    QUOTED("x>, " NONE_SENT,
		"relay=mx.d.test[192.0.2.1]:25, conn_use=3, delay=1, delays=0/0/0/1, "
		"tls=may:none, new_key=to=<v>, dsn=5.1.1, status=bounced (" D_SAID
		"550 no" TO_RCPT ")"),
	    "bounce \"x>, " NONE_SENT "\"@d.test 5.1.1" },
};

START_TEST(quoted_addresses_end_at_their_quote)
{
	hostile_check(quoted, COUNT(quoted));
}
END_TEST

START_TEST(a_quoted_address_that_is_cut_is_none)
{
	for (size_t i = 0; i < COUNT(quoted); i++)
		hostile_cut(&quoted[i], NULL);
}
END_TEST

/* --- addresses without quotes -------------------------------------------------------
 */

#define BARE(local, tail) SMTP "to=<" local "@d.test>, " tail "\n"

static const struct hostile unquoted[] = {
	{ "blank", BARE("john doe", D_BOUNCED), "bounce john doe@d.test 5.1.1" },
	{ "comma", BARE("a, b", D_BOUNCED), "bounce a, b@d.test 5.1.1" },
	{ "angle bracket", BARE("a>b", D_BOUNCED), "bounce a>b@d.test 5.1.1" },
	{ "end of an address", BARE("a>, b", D_BOUNCED), "bounce a>, b@d.test 5.1.1" },
	{ "parentheses", BARE("a)b(c", D_BOUNCED), "bounce a)b(c@d.test 5.1.1" },
	/* ... or one with quotes that was cut */
	{ "quote first", BARE("\"a", D_BOUNCED), "? bounce \"a@d.test 5.1.1" },
	{ "quote last", BARE("a\"", D_BOUNCED), "bounce a\"@d.test 5.1.1" },
	{ "quote within", BARE("a\"b", D_BOUNCED), "bounce a\"b@d.test 5.1.1" },
	{ "backslash last", BARE("a\\", D_BOUNCED), "bounce a\\@d.test 5.1.1" },
	{ "backslash, quote", BARE("a\\\"b", D_BOUNCED), "bounce a\\\"b@d.test 5.1.1" },
	{ "at", BARE("victim@v.test", D_BOUNCED), "bounce victim@v.test@d.test 5.1.1" },
	{ "another address ends", BARE("victim@v.test>, x", D_BOUNCED),
	    "bounce victim@v.test>, x@d.test 5.1.1" },
	{ "a relay and no more", BARE("x>, relay=none", D_BOUNCED),
	    "bounce x>, relay=none@d.test 5.1.1" },
	{ "a status and no more", BARE("x, status=sent (250 ok)", D_BOUNCED),
	    "bounce x, status=sent (250 ok)@d.test 5.1.1" },
	{ "a tail without >", BARE("victim@v.test, " NONE_SENT, D_BOUNCED),
	    "bounce victim@v.test, " NONE_SENT "@d.test 5.1.1" },
	/* relay=none tells no stranger's text with status=sent */
	{ "a delivery to nobody", BARE("victim@v.test>, " NONE_SENT, D_BOUNCED),
	    "bounce victim@v.test>, " NONE_SENT "@d.test 5.1.1" },
	{ "a delivery to nobody, local part alone", BARE("x>, " NONE_SENT, D_BOUNCED),
	    "bounce x>, " NONE_SENT "@d.test 5.1.1" },
	{ "a local delivery",
	    BARE("victim@v.test>, relay=local" TIMES
		 "2.0.0, status=sent (delivered to mailbox)",
		D_BOUNCED),
	    "bounce victim@v.test>, relay=local" TIMES
	    "2.0.0, status=sent (delivered to mailbox)@d.test 5.1.1" },
	{ "a name that is not found",
	    BARE("victim@v.test>, relay=none" TIMES
		 "5.4.4, status=bounced (Host or domain name not found. Name service "
		 "error for name=v.test type=A: Host not found)",
		D_BOUNCED),
	    "bounce victim@v.test>, relay=none" TIMES
	    "5.4.4, status=bounced (Host or domain name not found. Name service error "
	    "for name=v.test type=A: Host not found)@d.test 5.1.1" },
	/* one address, or two */
	{ "with an orig_to",
	    BARE("victim@v.test>, orig_to=<y@v.test>, " NONE_SENT, D_BOUNCED), "bad" },
	/* a server's answer is told with "(in reply to", and none stands at the end */
	{ "a victim's bounce, then a time-out",
	    BARE("victim@v.test>, " V_BOUNCED, LATER),
	    "? deferral victim@v.test>, " V_BOUNCED "@d.test 4.4.1" },
	/* what a server said in its own words may be just this */
	{ "a victim's bounce, and a server said so",
	    BARE("victim@v.test>, " V_BOUNCED, D_BOUNCED), "bad" },
	{ "a victim's delivery, and a server said so",
	    BARE("victim@v.test>, " V_SENT, D_BOUNCED), "bad" },
	{ "a victim's deferral without a connection",
	    BARE("victim@v.test>, relay=none" TIMES
		 "4.2.0, status=deferred (delivery temporarily suspended: " V_SAID
		 "450 4.2.0 no" TO_RCPT ")",
		D_BOUNCED),
	    "bad" },
	{ "a victim's bounce, and a delivery",
	    BARE("victim@v.test>, " V_RELAY "2.0.0, status=sent (250 ok)",
		D_RELAY "2.0.0, status=sent (250 2.0.0 Ok)"),
	    "bad" },
	{ "orig_to, too",
	    SMTP "to=<john doe@d.test>, orig_to=<j, d@o.test>, " D_BOUNCED "\n",
	    "? bounce j, d@o.test 5.1.1 queue=" QID " final=john doe@d.test" },
	/* as all lines with an orig_to are: an address that holds one cannot be told */
	{ "an orig_to is one",
	    SMTP "to=<a@d.test>, orig_to=<b@o.test>, " D_BOUNCED "\n",
	    "bounce b@o.test 5.1.1 queue=" QID " final=a@d.test" },
	{ "local part alone",
	    SMTP "to=<root>, relay=local" TIMES
		 "2.0.0, status=sent (delivered to mailbox)\n",
	    "delivery root 2.0.0" },
	{ "the null address", SMTP "to=<>, " D_BOUNCED "\n", "bad" },
	{ "control characters are question marks", BARE("a?b", D_BOUNCED),
	    "bounce a?b@d.test 5.1.1" },
};

START_TEST(addresses_without_quotes_end_where_postfix_ends_them)
{
	hostile_check(unquoted, COUNT(unquoted));
}
END_TEST

Suite *
suite_hostile(void)
{
	Suite *s = suite_create("hostile");
	TCase *tc = tcase_create("addresses");

	tcase_add_test(tc, quoted_addresses_end_at_their_quote);
	tcase_add_test(tc, a_quoted_address_that_is_cut_is_none);
	tcase_add_test(tc, addresses_without_quotes_end_where_postfix_ends_them);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, tcase_hostile_text());
	suite_add_tcase(s, tcase_hostile_sendmail());
	return s;
}
