/*
 * track_follow.c - messages that go on with what another one brought: content filters,
 * forwards, sendmail's submission queue.
 *
 * Their outcomes are those of the first message, whose queue id, sender, message id,
 * login name and headers they take over when the hop is seen.
 */
#include "parse/track.h"

#include <stdlib.h>

static void
take_over(struct track_message *m, const struct track_message *from)
{
	track_keep(&m->submitter, track_slice(&from->submitter), LIMIT_TEXT);
	for (size_t i = 0; i < from->nheaders; i++)
		track_header(m, track_slice(&from->header[i].name),
		    track_slice(&from->header[i].value));
	track_keep(&m->first_sender,
	    track_slice(from->first_sender.n ? &from->first_sender : &from->sender),
	    LIMIT_TEXT);
	track_keep(&m->first_message_id,
	    track_slice(
		from->first_message_id.n ? &from->first_message_id : &from->message_id),
	    LIMIT_TEXT);
}

struct track_message *
track_follow(struct track *t, const struct track_key *from, const struct track_key *to,
    int64_t now)
{
	if (slice_eq(from->queue_id, to->queue_id))
		return NULL;
	/* named first, so that what begins does not put it out */
	if (track_find(t, from))
		(void)track_get(t, from, now);
	struct track_message *m = track_get(t, to, now);
	const struct track_message *known = m ? track_find(t, from) : NULL;
	/* two that go on with each other would hand their names round for ever */
	if (!m || (known && slice_eq(track_slice(&known->first_id), to->queue_id)))
		return NULL;
	track_keep(&m->first_id,
	    known && known->first_id.n ? track_slice(&known->first_id) : from->queue_id,
	    LIMIT_TEXT);
	if (known)
		take_over(m, known);
	return m;
}

void
track_header(struct track_message *m, struct slice name, struct slice value)
{
	if (m->nheaders == TRACK_HEADERS || name.n == 0 || value.n == 0)
		return;
	for (size_t i = 0; i < m->nheaders; i++) {
		if (slice_eq(track_slice(&m->header[i].name), name))
			return;
	}
	if (!m->header && !(m->header = calloc(TRACK_HEADERS, sizeof *m->header)))
		return;
	struct track_header *h = &m->header[m->nheaders];
	track_keep(&h->name, name, LIMIT_TEXT);
	track_keep(&h->value, value, LIMIT_TEXT);
	m->nheaders++;
}
