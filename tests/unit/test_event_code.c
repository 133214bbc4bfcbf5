/*
 * test_event_code.c - the codes in a server's words.
 */
#include "event/event.h"
#include "test_layers.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct status_case {
	const char *in;
	size_t want;
} status_cases[] = {
	{ "5.1.1", 5 },
	{ "4.2.2", 5 },
	{ "2.0.0", 5 },
	{ "5.1.1 text", 5 },
	{ "5.7.26", 6 },
	{ "5.7.509,", 7 },
	{ "5.123.456", 9 },
	{ "4.4.1)", 5 },
	{ "5.1.1.", 5 },
	{ "5.1.1. No", 5 },
	{ "5.1.1: x", 5 },
	{ "5.1.10\n", 6 },
	{ "", 0 },
	{ "5", 0 },
	{ "5.", 0 },
	{ "5.1", 0 },
	{ "5.1.", 0 },
	{ "5..1", 0 },
	{ "5.1.x", 0 },
	{ "3.1.1", 0 },
	{ "1.1.1", 0 },
	{ "0.0.0", 0 },
	{ "55.1.1", 0 },
	{ " 5.1.1", 0 },
	{ "#5.1.1", 0 },
	{ "5,1,1", 0 },
	{ "5.1234.1", 0 },
	{ "5.1.1234", 0 },
	{ "550 5.1.1", 0 },
	{ "x5.1.1", 0 },
	{ "5.9.8.7", 0 }, /* an IP address is no status */
	{ "4.188.10.3 is listed", 0 },
};

static void
status_row(const struct status_case *c)
{
	size_t got = event_status_scan(slice_of(c->in));

	if (!(got == c->want))
		row_failed("event_status_scan(\"%s\"): got %zu, want %zu", c->in, got,
		    c->want);
}

START_TEST(event_status_scan_reads_its_table)
{
	for (size_t i = 0; i < COUNT(status_cases); i++)
		status_row(&status_cases[i]);
	rows_end(COUNT(status_cases));
}
END_TEST

static const struct reply_case {
	const char *in;
	unsigned want;
	const char *status;
} reply_cases[] = {
	{ "550 5.1.1 <a@b>: User unknown", 550, "5.1.1" },
	{ "550-5.1.1 The account", 550, "5.1.1" },
	{ "421 4.7.0 try", 421, "4.7.0" },
	{ "250 2.0.0 OK", 250, "2.0.0" },
	{ "550 User unknown", 550, "" },
	{ "550", 550, "" },
	{ "550 ", 550, "" },
	{ "354 go", 354, "" },
	{ "200 x", 200, "" },
	{ "599 x", 599, "" },
	{ "550 5.7.26", 550, "5.7.26" },
	{ "450 5.1.1 mixed", 450, "5.1.1" },
	{ "554 5.9.8.7 is on a list", 554, "" },
	{ "199 x", 0, "" },
	{ "600 x", 0, "" },
	{ "55", 0, "" },
	{ "", 0, "" },
	{ "5500 x", 0, "" },
	{ "550x", 0, "" },
	{ "5.1.1 User unknown", 0, "" },
	{ " 550 x", 0, "" },
	{ "5a0 x", 0, "" },
	{ "smtp;550 5.1.1", 0, "" },
};

static void
reply_row(const struct reply_case *c)
{
	struct slice status = SLICE("before");
	unsigned got = event_reply_scan(slice_of(c->in), &status);

	if (!(got == c->want && slice_eq(status, slice_of(c->status))))
		row_failed("event_reply_scan(\"%s\"): got %u \"%.*s\", want %u \"%s\"",
		    c->in, got, (int)status.n, status.n ? status.p : "", c->want,
		    c->status);
}

START_TEST(event_reply_scan_reads_its_table)
{
	for (size_t i = 0; i < COUNT(reply_cases); i++)
		reply_row(&reply_cases[i]);
	rows_end(COUNT(reply_cases));
}
END_TEST

void
event_add_code_tests(TCase *t)
{
	tcase_add_test(t, event_status_scan_reads_its_table);
	tcase_add_test(t, event_reply_scan_reads_its_table);
}
