/*
 * status.c - finds the codes in a server's words: RFC 3463 status, RFC 5321 reply.
 */
#include "event/event.h"

/* One to three digits at in[at..]: where they end, or 0. */
static size_t
digits_end(struct slice in, size_t at)
{
	size_t end = at;

	while (end < in.n && end < at + 3 && is_digit(in.p[end]))
		end++;
	if (end == at || (end < in.n && is_digit(in.p[end])))
		return 0;
	return end;
}

size_t
event_status_scan(struct slice in)
{
	if (in.n < 5 || (in.p[0] != '2' && in.p[0] != '4' && in.p[0] != '5') ||
	    in.p[1] != '.')
		return 0;
	size_t end = digits_end(in, 2);
	if (end == 0 || end >= in.n || in.p[end] != '.')
		return 0;
	end = digits_end(in, end + 1);
	/* one more number: an IPv4 address */
	if (end + 1 < in.n && in.p[end] == '.' && is_digit(in.p[end + 1]))
		return 0;
	return end;
}

unsigned
event_reply_scan(struct slice reply, struct slice *status)
{
	unsigned code = 0;

	*status = (struct slice){ 0 };
	if (reply.n < 3 || reply.p[0] < '2' || reply.p[0] > '5')
		return 0;
	for (size_t i = 0; i < 3; i++) {
		if (!is_digit(reply.p[i]))
			return 0;
		code = code * 10 + (unsigned)(reply.p[i] - '0');
	}
	if (reply.n > 3 && reply.p[3] != ' ' && reply.p[3] != '-')
		return 0;
	struct slice rest = slice_from(reply, 4);
	*status = (struct slice){ rest.p, event_status_scan(rest) };
	return code;
}
