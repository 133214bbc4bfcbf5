/*
 * fuzz_code.c - status codes, reply codes, domains of addresses, UTF-8: each against a
 * second way of telling.
 */
#include "fuzz.h"
#include "event/event.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* RFC 3463 by sscanf: at most three digits, no fourth behind them, no fourth number. */
static size_t
status_by_sscanf(struct slice in)
{
	char text[16] = "";
	int n = 0;

	memcpy(text, in.p, in.n < sizeof text - 1 ? in.n : sizeof text - 1);
	if (sscanf(text, "%*1[245].%*3[0-9].%*3[0-9]%n", &n) < 0 || n == 0)
		return 0;
	const char *end = text + n;
	bool more = is_digit(*end) || (*end == '.' && is_digit(end[1]));
	return more ? 0 : (size_t)n;
}

static void
check_codes(struct slice in)
{
	size_t got = event_status_scan(in), want = status_by_sscanf(in);
	struct slice status;

	fuzz_check(got == want, "event_status_scan: got %zu, want %zu", got, want);
	unsigned code = event_reply_scan(in, &status);
	fuzz_check(code == 0 || (code >= 200 && code < 600), "reply code %u", code);
	fuzz_check(status.n == 0 || (code && event_status_scan(status) == status.n),
	    "%.*s is no status", (int)status.n, status.p);
}

/* A domain is printable ASCII, names no second thing, and is its own domain. */
static void
check_domain(struct slice in)
{
	char address[1 + LIMIT_ADDRESS] = "@", again[LIMIT_ADDRESS];
	char *domain = address + 1;
	size_t n = event_domain(in, domain);

	fuzz_check(n <= LIMIT_ADDRESS, "a domain of %zu bytes", n);
	for (size_t i = 0; i < n; i++) {
		char c = domain[i];
		fuzz_check(c > ' ' && c < 0x7f && c == to_lower(c) &&
			       !strchr("@\",<>();\\", c),
		    "the domain has 0x%02x: %.*s", (unsigned char)c, (int)n, domain);
	}
	if (n == 0 || domain[n - 1] == '.')
		return; /* one final dot is taken off at a time */
	size_t m = event_domain((struct slice){ address, n + 1 }, again);
	fuzz_check(m == n && memcmp(domain, again, n) == 0, "%.*s becomes %.*s", (int)n,
	    domain, (int)m, again);
}

/* jansson checks UTF-8 by code of its own. */
static void
check_utf8(struct slice in)
{
	bool valid = true;
	size_t n;

	for (struct slice rest = in; rest.n > 0; rest = slice_from(rest, n)) {
		bool ok = utf8_next(rest, &n);
		fuzz_check(n > 0 && n <= 4 && n <= rest.n, "a character of %zu", n);
		valid = valid && ok;
	}
	json_t *string = json_stringn(in.n ? in.p : "", in.n);
	fuzz_check(valid == (string != NULL), "utf8_next says %d", valid);
	json_decref(string);
}

void
fuzz_code(struct slice in)
{
	check_codes(in);
	check_domain(in);
	check_utf8(in);
}
