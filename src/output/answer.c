/*
 * answer.c - reads what a backend says of single events:
 * {"rejected":[{"id","reason"}]}.
 *
 * Anything else in the body is the backend's own affair. Entries without an id are
 * passed over; a missing reason is empty.
 */
#include "output/output.h"

#include <errno.h>
#include <jansson.h>

static struct slice
text_of(const json_t *v)
{
	return (struct slice){ json_string_value(v), json_string_length(v) };
}

int
output_rejected(struct slice body, output_rejected_fn *fn, void *arg)
{
	int rc = 0;

	/* most answers are empty or small talk: they cost no parser */
	if (body.n == 0 || body.p[0] != '{')
		return -EINVAL;
	json_t *root = json_loadb(body.p, body.n, 0, NULL);
	const json_t *list = json_object_get(root, "rejected");
	if (!json_is_array(list))
		rc = -EINVAL;
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		struct slice id = text_of(json_object_get(entry, "id"));
		if (id.n > 0)
			rc = fn(arg, id, text_of(json_object_get(entry, "reason")));
	}
	json_decref(root);
	return rc;
}
