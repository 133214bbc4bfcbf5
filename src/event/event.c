/*
 * event.c - names of the enums, usual classes of the reasons, and the id of an event.
 */
#include "event/event.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const type_name[EVENT_TYPE_COUNT] = {
	[EVENT_BOUNCE] = "bounce",
	[EVENT_DEFERRAL] = "deferral",
	[EVENT_DELIVERY] = "delivery",
	[EVENT_COMPLAINT] = "complaint",
	[EVENT_RETURNED] = "returned",
};

static const char *const mode_name[EVENT_MODE_COUNT] = {
	[EVENT_SYNC] = "sync",
	[EVENT_ASYNC] = "async",
};

static const char *const class_name[EVENT_CLASS_COUNT] = {
	[EVENT_HARD] = "hard",
	[EVENT_SOFT] = "soft",
	[EVENT_BLOCK] = "block",
	[EVENT_UNDETERMINED] = "undetermined",
};

static const char *const action_name[ACTION_COUNT] = {
	[ACTION_FAILED] = "failed",
	[ACTION_DELAYED] = "delayed",
	[ACTION_DELIVERED] = "delivered",
	[ACTION_RELAYED] = "relayed",
	[ACTION_EXPANDED] = "expanded",
};

static const struct {
	const char *name;
	enum event_class class;
} reason[REASON_COUNT] = {
	[REASON_USER_UNKNOWN] = { "user_unknown", EVENT_HARD },
	[REASON_MAILBOX_DISABLED] = { "mailbox_disabled", EVENT_HARD },
	[REASON_MAILBOX_MOVED] = { "mailbox_moved", EVENT_HARD },
	[REASON_DOMAIN_UNKNOWN] = { "domain_unknown", EVENT_HARD },
	[REASON_DOMAIN_NO_MAIL] = { "domain_no_mail", EVENT_HARD },
	[REASON_SUPPRESSED] = { "suppressed", EVENT_HARD },
	[REASON_RECIPIENT_REFUSED] = { "recipient_refused", EVENT_SOFT },
	[REASON_MAILBOX_FULL] = { "mailbox_full", EVENT_SOFT },
	[REASON_MESSAGE_TOO_LARGE] = { "message_too_large", EVENT_SOFT },
	[REASON_GREYLISTED] = { "greylisted", EVENT_SOFT },
	[REASON_RATE_LIMITED] = { "rate_limited", EVENT_SOFT },
	[REASON_NETWORK_ERROR] = { "network_error", EVENT_SOFT },
	[REASON_REPUTATION_BLOCK] = { "reputation_block", EVENT_BLOCK },
	[REASON_POLICY_REJECTED] = { "policy_rejected", EVENT_BLOCK },
	[REASON_AUTH_FAILURE] = { "auth_failure", EVENT_BLOCK },
	[REASON_SPAM_REJECTED] = { "spam_rejected", EVENT_BLOCK },
	[REASON_CONTENT_REJECTED] = { "content_rejected", EVENT_BLOCK },
	[REASON_VIRUS_REJECTED] = { "virus_rejected", EVENT_BLOCK },
	[REASON_SENDER_REJECTED] = { "sender_rejected", EVENT_BLOCK },
	[REASON_RELAY_DENIED] = { "relay_denied", EVENT_BLOCK },
	[REASON_PROTOCOL_ERROR] = { "protocol_error", EVENT_SOFT },
	[REASON_TLS_REQUIRED] = { "tls_required", EVENT_SOFT },
	[REASON_EXPIRED] = { "expired", EVENT_SOFT },
	[REASON_SYSTEM_ERROR] = { "system_error", EVENT_SOFT },
	[REASON_UNDETERMINED] = { "undetermined", EVENT_UNDETERMINED },
};

const char *
event_type_name(enum event_type t)
{
	return type_name[t];
}

const char *
event_mode_name(enum event_mode m)
{
	return mode_name[m];
}

const char *
event_class_name(enum event_class c)
{
	return class_name[c];
}

const char *
event_reason_name(enum event_reason r)
{
	return reason[r].name;
}

const char *
event_action_name(enum event_action a)
{
	return action_name[a];
}

enum event_class
event_reason_class(enum event_reason r)
{
	return reason[r].class;
}

/* The index of a name in a table whose first entry is NONE; 0 where it is not there. */
static unsigned
find(const char *const *names, unsigned count, struct slice name)
{
	for (unsigned i = 1; i < count; i++) {
		if (slice_ieq(slice_of(names[i]), name))
			return i;
	}
	return 0;
}

enum event_type
event_type_of(struct slice name)
{
	return (enum event_type)find(type_name, EVENT_TYPE_COUNT, name);
}

enum event_class
event_class_of(struct slice name)
{
	return (enum event_class)find(class_name, EVENT_CLASS_COUNT, name);
}

enum event_action
event_action_of(struct slice name)
{
	return (enum event_action)find(action_name, ACTION_COUNT, name);
}

enum event_reason
event_reason_of(struct slice name)
{
	for (unsigned i = 1; i < REASON_COUNT; i++) {
		if (slice_eq(slice_of(reason[i].name), name))
			return (enum event_reason)i;
	}
	return REASON_NONE;
}

void
event_id(struct hash_state *h, const struct file_key *key, uint64_t offset,
    struct slice record, const struct event *ev, uint32_t n, char out[32])
{
	enum { AT_ONCE = 2048 }; /* bytes that are copied together and hashed at once */
	struct slice type = slice_of(type_name[ev->type]);
	char head[sizeof key->b + 8], tail[1 + 4] = { 0 }, all[AT_ONCE];
	const struct slice part[] = { { head, sizeof head }, record,
		{ type.p, type.n + 1 }, /* its NUL is the 0 of the definition */
		ev->id_recipient, { tail, sizeof tail } };
	struct hash128 id;
	size_t at = 0;

	memcpy(head, key->b, sizeof key->b);
	for (unsigned i = 0; i < 8; i++)
		head[sizeof key->b + i] = (char)(offset >> (8 * i));
	for (unsigned i = 0; i < 4; i++)
		tail[1 + i] = (char)(n >> (8 * i));
	if (record.n + ev->id_recipient.n <= AT_ONCE / 2) {
		for (size_t i = 0; i < COUNT(part); at += part[i++].n)
			memcpy(all + at, part[i].p ? part[i].p : "", part[i].n);
		id = hash_of((struct slice){ all, at });
	} else {
		hash_reset(h);
		for (size_t i = 0; i < COUNT(part); i++)
			hash_add(h, part[i].p, part[i].n);
		id = hash_end(h);
	}
	hex_write(id.b, sizeof id.b, out);
}
