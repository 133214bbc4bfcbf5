/*
 * follow.h - a configured source at work: its files, their streams, their places.
 */
#ifndef BOUNCEFEED_FOLLOW_H
#define BOUNCEFEED_FOLLOW_H

#include "app/config.h"
#include "app/spool.h"
#include "app/tally.h"
#include "classify/classify.h"
#include "source/source.h"
#include "store/store.h"

/* What all sources share. */
struct follow_env {
	const struct config *config;
	struct source_watch *watch;
	struct store *store;
	struct spool *spool;
	struct tally *tally;
	struct classifier *classifier;
	struct hash_state *hash;
	struct slice host;
	bool keep_ignored; /* import: files that are not read count, too */
};

struct follow;

/* Takes over what the state file knows of the source. NULL with *e. */
struct follow *follow_new(
    const struct follow_env *env, const struct config_source *conf, struct err *e);
void follow_free(struct follow *f);

/* Scans and looks where events or the clock ask for it. 0 or -errno (logged by it
 * once). */
int follow_look(struct follow *f, int64_t now_ms);

/* Reads at most LIMIT_READ of each file with unread bytes into the spool. 1: there is
 * more, 0: all is read, -EAGAIN: a commit must come first, or -errno. */
int follow_turn(struct follow *f, int64_t now_ms);

/* After follow_look(): tells once that nothing was written for silent_after, and once
 * that something was again. */
void follow_listen(struct follow *f);
/* Why its files are polled though inotify was wanted, see source_watch_trouble(). */
int follow_watch_trouble(const struct follow *f, const char **what_out);
const char *follow_name(const struct follow *f);

int64_t follow_deadline(const struct follow *f, int64_t now_ms);
bool follow_dirty(const struct follow *f);
bool follow_urgent(const struct follow *f); /* the first look: to be stored at once */

/* Within the transaction that takes the spool's batches: the places of the files. */
int follow_put(struct follow *f, struct err *e);
void follow_committed(struct follow *f);

/* Labels and header names as the event and the parser want them; free() the result. */
struct event_pair *config_labels(
    const struct config *c, const struct config_source *s, size_t *n);
/* The types of event that any output may want, as bits: 1 << EVENT_BOUNCE ... */
uint32_t config_wanted_types(const struct config *c);
struct slice *config_fbl_headers(const struct config *c, size_t *n);

/* A classifier with the configuration's changes. */
struct classifier *config_classifier(const struct config *c);

#endif
