/*
 * model.h - what the parts of the model test share.
 *
 * main.c runs programs, program.c makes, prints and shrinks them, play.c carries one
 * out. world*.c acts as writers and rotators on real files and knows what lies where,
 * played.c is the daemon driven turn by turn, judge.c says what has to arrive. record.c
 * writes records and reads events, clock.c owns time.
 */
#ifndef BOUNCEFEED_MODEL_H
#define BOUNCEFEED_MODEL_H

#include "base/base.h"

#include <sys/types.h>

enum {
	MODEL_OPS = 400,   /* of one program */
	MODEL_FILES = 600, /* inodes of one program */
	MODEL_GENS = 1000, /* file generations: what one file held from 0 on */
	MODEL_RECORDS = 6000,
	MODEL_NAME = 64,
	MODEL_PATH = 256,
	MODEL_WRITERS = 2,
	MODEL_TICK_MS = 4,         /* of the clock that stamps files */
	MODEL_TORN_MS = 29 * 1000, /* an unfinished record left alone so long ... */
	MODEL_HELD_MS = 30 * 1000, /* a file that left is kept open so long */
	MODEL_DRAIN_MS = 1000,     /* ... and is looked at so often */
	MODEL_REST_MS = 45 * 1000, /* after this all has come; less than a rescan */
};

/* --- clock.c: time stands still but for clock_set() ------------------------------ */

struct stat;

extern int64_t model_now_ms; /* monotonic */
int64_t model_wall_ns(void); /* what stamps files */
double model_real_seconds(void);
void model_random_seed(uint64_t seed); /* of clock_random() */

/* --- record.c ----------------------------------------------------------------------
 */

enum format { FORMAT_POSTFIX, FORMAT_PMTA };

/* How a log is set up and rotated. */
struct scene {
	const char *name;
	enum format format;
	const char *path;    /* under the directory */
	const char *archive; /* NULL: the default */
	const char *active[MODEL_WRITERS];
	unsigned writers;
	bool dated;    /* PowerMTA's names with date and number */
	bool shifting; /* rotation by .1 .2 .3, else by names of their own */
};

extern const struct scene model_scenes[];
extern const unsigned model_nscenes;

/* A record as text with its line end; size: bytes it should have at least. */
void record_write(struct buf *out, const struct scene *sc, unsigned layout,
    unsigned number, size_t size, unsigned shape);
void record_header(struct buf *out, unsigned layout);
void record_noise(struct buf *out, const struct scene *sc, unsigned layout, unsigned n);

/* What the test reads of an event. */
struct arrival {
	unsigned number; /* 0: none could be read */
	bool mixed;      /* its fields are of different records */
	uint64_t offset;
	char id[33];
};

void record_read(struct slice json, struct arrival *out);

/* --- the world ------------------------------------------------------------------- */

enum place {
	GONE, /* no name any more */
	AWAY, /* a name that the source does not look at */
	ARCHIVE,
	LIVE,
};

struct record_state {
	unsigned gen;
	uint64_t start, text, end; /* text: without its line end */
	uint64_t have;             /* bytes up to here are written */
	bool torn;                 /* left half written: may come cut, or not at all */
	bool pending; /* was readable when the daemon came to rest, not committed yet */
	bool must;
	bool never;   /* was there at the first look (start: end) */
	bool history; /* was in the archive at the first look */
	unsigned arrived;
	char id[33];
};

struct gen {
	unsigned last;            /* number of the record that arrived last */
	uint64_t len;             /* bytes written */
	uint64_t read, committed; /* bytes that the daemon knows of */
	uint64_t touched;         /* ... that it may have read */
	int64_t grown_ms;
	bool left;     /* was not under the path for a while */
	bool copied;   /* to another inode */
	bool doubtful; /* its first record was left half written */
	bool seen;     /* the daemon knows its key, and committed that */
	bool looked;   /* ... not committed yet */
	unsigned layout;
};

/* An inode. */
struct file {
	char name[MODEL_NAME]; /* under the directory */
	enum place place;
	unsigned gen;
	uint64_t len;
	uint64_t ino;
	int64_t mtime_ns;
	int64_t grown_ms;
	bool packed;
	uint64_t plain;     /* packed: its plain length; len is 0 until it is whole */
	bool history;       /* passed over at the first look */
	bool looked, seen;  /* the daemon knows the inode; has committed that */
	int64_t held_until; /* the daemon has it open until then at least */
	unsigned held_by;   /* the process that has */
};

struct writer {
	int fd;
	unsigned file;   /* its inode; valid while fd >= 0 */
	unsigned part;   /* the record half written, 0: none */
	struct buf rest; /* ... and what is to be written of it */
	bool plain;      /* without O_APPEND: writes where it was after a truncation */
	uint64_t at;
	char active[MODEL_NAME];
};

struct world {
	const struct scene *scene;
	char dir[MODEL_PATH];
	struct file file[MODEL_FILES];
	unsigned nfiles;
	struct gen gen[MODEL_GENS];
	unsigned ngens;
	struct record_state record[MODEL_RECORDS]; /* from 1 on */
	unsigned nrecords;
	struct writer writer[MODEL_WRITERS];
	unsigned serial;             /* of names that occur once */
	unsigned copy_from, copy_to; /* a copy in the making */
	bool copying;
	bool full; /* no room for more files, gens or records: ops do nothing */
};

extern struct world world;

void world_begin(const struct scene *sc, bool plain);
void world_end(void);
const char *world_path(const char *name); /* good for four calls */
enum place world_place(const char *name);
bool world_is_current(const struct file *f); /* its writer may well go on with it */
void world_age(void); /* time has passed: what is half written counts as torn */
struct file *world_named(const char *name);
struct file *world_new_file(const char *name);
unsigned world_new_gen(void);
int world_rename(struct file *f, const char *name);
void world_unlink(struct file *f);
void world_stamp(struct file *f);
void copy_end(void); /* copy.c: forgets what is half done */

/* Writers (world_write.c). */
void writer_open(struct writer *w);
void writer_close(struct writer *w);
void writer_records(struct writer *w, unsigned n, unsigned shape);
void writer_exact(struct writer *w, uint64_t len); /* records up to that length */
void writer_part(struct writer *w, unsigned shape);
void writer_finish(struct writer *w);
void writer_drop_part(struct writer *w);
void writer_header(struct writer *w, unsigned layout);
struct writer *writer_of(const struct file *f); /* NULL: nobody has it open */

/* --- programs ----------------------------------------------------------------------
 */

struct op {
	unsigned char code;
	unsigned a, b;
};

struct program {
	uint64_t seed;
	const struct scene *scene;
	bool from_start;
	bool plain;
	bool up;        /* the daemon runs from the beginning */
	unsigned batch; /* events of one */
	unsigned n;
	struct op op[MODEL_OPS];
};

struct op_kind {
	const char *name;
	unsigned weight;
	void (*run)(unsigned a, unsigned b);
	bool packs; /* only with --gz */
};

extern const struct op_kind model_ops[]; /* ops.c: the table of all operations */
extern const unsigned model_nops;
extern bool model_packs; /* --gz */

void program_make(struct program *p, uint64_t seed, unsigned ops);
void program_print(const struct program *p, struct buf *out);
bool program_read(struct program *p, char *text); /* the text is cut up */
void program_shrink(struct program *p, bool (*fails)(const struct program *p));

/* --- playing -----------------------------------------------------------------------
 */

struct totals {
	uint64_t programs, ops, records, arrived, excused, turns, starts, crashes;
};

extern struct totals model_totals;
extern bool model_tracing;

/* A line of the report's story, when tracing. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

bool play(const struct program *p, struct buf *why); /* true: all is well */

/* --- the daemon (played.c) ----------------------------------------------------------
 */

enum stop_at { STOP_NOWHERE, STOP_LOOK, STOP_READ, STOP_PUT };

int played_set_up(const char *dir);
void played_begin(const struct program *p);
void played_start(void);
void played_turn(enum stop_at at);
void played_settle(void);
void played_pause(int64_t ms);
void played_stop(void);
void played_crash(void);
void played_end(void);
bool played_up(void);
unsigned played_process(void);
void played_backend(bool fails);
void played_room(bool full);

/* --- judge.c ------------------------------------------------------------------------
 */

void judge_begin(bool from_start);
void judge_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
void judge_look(void);              /* the daemon has looked over the files */
void judge_entered(struct file *f); /* comes into the archive, by that name */
void judge_settled(void);           /* ... and has read all that it saw */
void judge_commit(void);
void judge_died(void);
void judge_arrival(struct slice json);
bool judge_end(struct buf *why); /* true: all is well */

#endif
