/*
 * domain.c - the domain of an address, in the form that receivers can compare.
 *
 * An ASCII domain is lower-cased; one with U-labels is written as A-labels by libidn2.
 * An address literal ([192.0.2.1]) stays as it is. What cannot be a domain gives none.
 */
#include "event/event.h"

#include <idn2.h>
#include <string.h>

/* Bytes that end up in no domain: a value that has one names none. */
static bool
never(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || c == '@' || c == '"' ||
	       c == ',' || c == '<' || c == '>' || c == '(' || c == ')' || c == ';' ||
	       c == '\\';
}

static size_t
from_unicode(struct slice domain, char out[LIMIT_ADDRESS])
{
	char text[LIMIT_ADDRESS + 1];
	char *ascii = NULL;
	size_t n = 0;

	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_OK && strlen(ascii) <= LIMIT_ADDRESS) {
		n = strlen(ascii);
		memcpy(out, ascii, n);
	}
	idn2_free(ascii);
	return n;
}

size_t
event_domain(struct slice address, char out[LIMIT_ADDRESS])
{
	size_t at = slice_rfind(address, '@');
	struct slice domain = slice_from(address, at + 1);
	bool ascii = true;

	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (domain.n == 0 || domain.n > LIMIT_ADDRESS)
		return 0;
	for (size_t i = 0; i < domain.n; i++) {
		if (never(domain.p[i]))
			return 0;
		if ((unsigned char)domain.p[i] >= 0x80)
			ascii = false;
		out[i] = to_lower(domain.p[i]);
	}
	return ascii ? domain.n : from_unicode(domain, out);
}
