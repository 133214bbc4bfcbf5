/*
 * pattern.c - PCRE2 with bounds: what a pattern may cost is limited, since the text is
 * a stranger's. No JIT: a unit with MemoryDenyWriteExecute would refuse it.
 */
#include "app/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

enum {
	PATTERN_MAX = 4096,   /* bytes of a pattern */
	MATCH_STEPS = 100000, /* of backtracking, about a millisecond */
	MATCH_DEPTH = 1000,
	MATCH_HEAP_KIB = 1024,
};

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
	const char *subject;
};

struct pattern *
pattern_new(const char *text, struct err *e)
{
	struct pattern *p = calloc(1, sizeof *p);
	struct slice s = slice_of(text);
	PCRE2_UCHAR why[128] = "no memory";
	PCRE2_SIZE at = 0;
	int rc = 0;

	if (s.n > PATTERN_MAX) {
		err_set(e, -E2BIG, "it is longer than %d bytes", PATTERN_MAX);
		goto fail;
	}
	if (p)
		p->code = pcre2_compile((PCRE2_SPTR)s.p, s.n,
		    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &rc, &at, NULL);
	if (!p || !p->code) {
		if (rc != 0)
			(void)pcre2_get_error_message(rc, why, sizeof why);
		err_set(e, -EINVAL, "%s, at byte %zu", (const char *)why, at + 1);
		goto fail;
	}
	p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->match || !p->limits) {
		err_set(e, -ENOMEM, "no memory");
		goto fail;
	}
	pcre2_set_match_limit(p->limits, MATCH_STEPS);
	pcre2_set_depth_limit(p->limits, MATCH_DEPTH);
	pcre2_set_heap_limit(p->limits, MATCH_HEAP_KIB);
	return p;
fail:
	pattern_free(p);
	return NULL;
}

void
pattern_free(struct pattern *p)
{
	if (!p)
		return;
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->match);
	pcre2_code_free(p->code);
	free(p);
}

bool
pattern_has_group(const struct pattern *p, const char *name)
{
	return pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name) > 0;
}

bool
pattern_has_groups(const struct pattern *p)
{
	uint32_t n = 0;

	(void)pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &n);
	return n > 0;
}

bool
pattern_match(struct pattern *p, struct slice in)
{
	p->subject = in.n > 0 ? in.p : "";
	return pcre2_match(p->code, (PCRE2_SPTR)p->subject, in.n, 0, 0, p->match,
		   p->limits) > 0;
}

struct slice
pattern_group(const struct pattern *p, const char *name)
{
	int group = pcre2_substring_number_from_name(p->code, (PCRE2_SPTR)name);
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(p->match);
	struct slice none = { 0 };

	if (group <= 0 || at[2 * group] == PCRE2_UNSET ||
	    at[2 * group] >= at[2 * group + 1])
		return none;
	return (struct slice){ p->subject + at[2 * group],
		at[2 * group + 1] - at[2 * group] };
}
