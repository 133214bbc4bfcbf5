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

/* Lower case, without the dot of the root; 0: there is something in it that never is.
 */
static size_t
copy_lower(struct slice domain, char out[LIMIT_ADDRESS])
{
	if (domain.n > 0 && domain.p[domain.n - 1] == '.')
		domain.n--;
	for (size_t i = 0; i < domain.n; i++) {
		if (never(domain.p[i]))
			return 0;
		out[i] = to_lower(domain.p[i]);
	}
	return domain.n;
}

/* What IDNA makes of it is looked at again: U+FF20 becomes an @. */
static size_t
from_unicode(struct slice domain, char out[LIMIT_ADDRESS])
{
	char text[LIMIT_ADDRESS + 1];
	char *ascii = NULL;
	size_t n = 0;

	memcpy(text, domain.p, domain.n);
	text[domain.n] = '\0';
	int rc = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc == IDN2_OK && strlen(ascii) <= LIMIT_ADDRESS)
		n = copy_lower(slice_of(ascii), out);
	idn2_free(ascii);
	return n;
}

size_t
event_domain(struct slice address, char out[LIMIT_ADDRESS])
{
	struct slice domain = slice_from(address, slice_rfind(address, '@') + 1);
	size_t i = 0;

	if (domain.n == 0 || domain.n > LIMIT_ADDRESS)
		return 0;
	while (i < domain.n && (unsigned char)domain.p[i] < 0x80)
		i++;
	size_t n = copy_lower(domain, out);
	return n == 0 || i == domain.n
		   ? n
		   : from_unicode((struct slice){ domain.p, n }, out);
}
