/*
 * cmd_import.c - `bouncefeed import-sincedb`: takes over Logstash's positions.
 *
 * Says of each line of the sincedb whether it was taken, and what becomes of the files
 * that are not in it. Nothing is told as taken before it is stored. The sincedb is read
 * as whoever calls, the files as the owner of the state file, who has to read them,
 * too.
 */
#include "app/app.h"
#include "app/command.h"
#include "app/import.h"
#include "app/reader.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bouncefeed import-sincedb [-c FILE] [--force] SINCEDB\n"
    "Takes over the positions of a Logstash file input (- is standard input), so that\n"
    "nothing is repeated or skipped. Stop Logstash first; no daemon may run. Start it\n"
    "when all lines are taken, or what is said of the others is fine.\n"
    "  -c, --config FILE   the configuration ($BOUNCEFEED_CONFIG, else\n"
    "                      /etc/bouncefeed/bouncefeed.yaml)\n"
    "      --force         also for sources that the state file knows\n"
    "  -h, --help          this text\n";

#define NAME "import-sincedb"

enum {
	SINCEDB_MAX = 64 << 20, /* bytes */
	LINES_MAX = 1000000,
	OUT_FLUSH = 64 * 1024,
	OUT_MAX = 1 << 20,
};

struct report {
	const struct import *im;
	struct buf out;
	uint64_t taken, not_taken, bad;
	int code;
};

/* --- what is said
 * ---------------------------------------------------------------------
 */

static void say(struct report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct report *r, const char *format, ...)
{
	char text[LIMIT_ERR_TEXT];
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (n > 0)
		(void)buf_add(&r->out, slice_of(text));
}

static void
say_file(struct report *r, const struct import_file *f)
{
	say(r, "source %s, ", r->im->env->config->source[f->source].name);
	command_show(&r->out, slice_of(f->s->path));
}

static bool
end_line(struct report *r)
{
	(void)buf_addc(&r->out, '\n');
	return r->out.n < OUT_FLUSH || command_print(NAME, &r->out, &r->code);
}

static void
say_taken(struct report *r, const struct import_line *l)
{
	say(r, "taken: ");
	say_file(r, l->file);
	say(r, ", at %llu", (unsigned long long)l->at);
	if (l->at != l->entry.offset)
		say(r, ", the beginning of the record in which %llu lies",
		    (unsigned long long)l->entry.offset);
	if (l->other_device)
		say(r,
		    " (on another device than %llu %llu, but the only file of inode "
		    "%llu)",
		    (unsigned long long)l->entry.major,
		    (unsigned long long)l->entry.minor,
		    (unsigned long long)l->entry.inode);
}

static const char *const reason[IMPORT_OUTCOMES] = {
	[IMPORT_NO_FILE] = "no file of the sources has this inode",
	[IMPORT_TWO_FILES] = "several files of the sources may be meant",
	[IMPORT_TWO_LINES] = "another line is of the same file",
	[IMPORT_KNOWN] = "the state file has positions of this source (see --force)",
	[IMPORT_PACKED] = "it is packed",
	[IMPORT_REUSED] =
	    "the file is younger than the position: another one, with the "
	    "inode of one that was deleted",
	[IMPORT_SHORTER] = "the file is shorter: it was truncated since",
	[IMPORT_DOUBTFUL] =
	    "no line of the file ends there, and the line is of another "
	    "device or cut off",
};

static void
say_not_taken(struct report *r, const struct import_line *l)
{
	say(r, "not taken: ");
	if (l->file)
		say_file(r, l->file);
	else
		say(r, "inode %llu", (unsigned long long)l->entry.inode);
	if (!l->file && l->entry.path.n > 0) {
		say(r, ", ");
		command_show(&r->out, l->entry.path);
	}
	say(r, ", at %llu: %s", (unsigned long long)l->entry.offset, reason[l->is]);
	if (l->is == IMPORT_TWO_LINES)
		say(r, ", line %u", l->other);
	if (l->is == IMPORT_SHORTER)
		say(r, " (%llu bytes)", (unsigned long long)l->file->s->size);
}

static bool
say_line(struct report *r, const struct import_line *l)
{
	say(r, "line %u: ", l->number);
	switch (l->is) {
	case IMPORT_BAD:
		say(r, "not understood: %s", l->why);
		r->bad++;
		break;
	case IMPORT_TAKEN:
		say_taken(r, l);
		r->taken++;
		break;
	default:
		say_not_taken(r, l);
		r->not_taken++;
	}
	return end_line(r);
}

/* The files that the daemon reads though no line was taken for them; what is left to
 * `start` is counted. */
static bool
say_rest(struct report *r, size_t source)
{
	const struct import *im = r->im;
	const struct config_source *c = &im->env->config->source[source];
	uint64_t old = 0;

	for (size_t i = 0; i < im->nfiles; i++) {
		const struct import_file *f = &im->file[i];
		if (f->source != source)
			continue;
		old += f->rest == IMPORT_REST_START;
		if (f->rest != IMPORT_REST_NEW)
			continue;
		say(r, "new since then: ");
		say_file(r, f);
		say(r, ": is read from its beginning");
		if (!end_line(r))
			return false;
	}
	if (old > 0) {
		say(r, "source %s: %llu %s not in the sincedb, and old: start: %s",
		    c->name, (unsigned long long)old,
		    old == 1 ? "file is" : "files are", c->start);
		return end_line(r);
	}
	if (!im->source[source].named && !im->source[source].known) {
		say(r, "source %s: no position is of it: start: %s", c->name, c->start);
		return end_line(r);
	}
	return true;
}

static int
report(const struct import *im)
{
	struct report r = { .im = im };
	bool open = true;

	(void)signal(SIGPIPE, SIG_IGN);
	buf_init(&r.out, OUT_MAX);
	for (size_t i = 0; open && i < im->nlines; i++)
		open = say_line(&r, &im->line[i]);
	for (size_t i = 0; open && i < im->env->config->nsources; i++)
		open = say_rest(&r, i);
	if (open) {
		say(&r, "%llu taken, %llu not taken, %llu not understood",
		    (unsigned long long)r.taken, (unsigned long long)r.not_taken,
		    (unsigned long long)r.bad);
		open = end_line(&r) && command_print(NAME, &r.out, &r.code);
	}
	buf_free(&r.out);
	if (!open && r.code != 0)
		return r.code;
	return r.taken == im->nlines ? 0 : EX_DATAERR;
}

/* --- what is done
 * ---------------------------------------------------------------------
 */

/* The whole of the sincedb; an exit code after telling why not. */
static int
read_all(const char *path, struct buf *text, int64_t *written_ns)
{
	char chunk[64 * 1024];
	struct err e = { 0 };
	struct reader *in = reader_open(path, &e);
	ssize_t n = 0;
	int rc = 0;

	if (!in) {
		command_tell(NAME, "%s", e.text);
		return EX_NOINPUT;
	}
	while (rc == 0 && (n = reader_read(in, chunk, sizeof chunk, &e)) > 0)
		rc = buf_add(text, (struct slice){ chunk, (size_t)n });
	*written_ns = reader_time(in).sec * 1000000000;
	reader_close(in);
	if (rc < 0)
		command_tell(NAME, "%s: too large for a sincedb", path);
	else if (n < 0)
		command_tell(NAME, "%s", e.text);
	return rc < 0 ? EX_DATAERR : n < 0 ? EX_IOERR : 0;
}

static int
import_with(struct import *im, struct follow_env *env, struct err *e)
{
	err_set(e, -ENOMEM, "no memory");
	if (!(env->classifier = config_classifier(env->config)) ||
	    !(env->hash = hash_new()) || !(env->watch = source_watch_new(e)))
		return e->code;
	env->keep_ignored = true;
	im->env = env;
	return import_run(im, e);
}

static int
import(const struct config *c, struct import *im)
{
	struct follow_env env = { .config = c, .host = slice_of(c->host) };
	struct err e = { 0 };
	int code = command_store(NAME, c, STORE_OWN, &env.store);

	if (code != 0)
		return code;
	int rc = import_with(im, &env, &e);
	if (rc < 0) {
		command_tell(NAME, "%s; nothing was taken", e.text);
		code = command_exit(rc);
	} else {
		code = report(im);
	}
	if (im->env)
		import_free(im);
	source_watch_free(env.watch);
	hash_free(env.hash);
	classify_free(env.classifier);
	store_close(env.store);
	return code;
}

static int
import_text(const struct config *c, const char *path, struct slice text,
    int64_t written_ns, bool force)
{
	struct import im = { .force = force, .written_ns = written_ns };
	size_t lines = 1;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	if (lines > LINES_MAX) {
		command_tell(NAME, "%s: more than %d lines", path, LINES_MAX);
		return EX_DATAERR;
	}
	if (!(im.line = calloc(lines, sizeof *im.line))) {
		command_tell(NAME, "no memory");
		return EX_OSERR;
	}
	im.nlines = import_read(text, im.line, lines);
	int code = EX_DATAERR;
	if (im.nlines == 0)
		command_tell(NAME, "%s: there is no position in it", path);
	else
		code = import(c, &im);
	free(im.line);
	return code;
}

static int
import_file(const char *config, const char *path, bool force)
{
	struct config *c = command_config(config, true);
	struct buf text;
	int64_t written_ns;

	if (!c)
		return EX_CONFIG;
	buf_init(&text, SINCEDB_MAX);
	int code = read_all(path, &text, &written_ns);
	if (code == 0)
		code = import_text(c, path, buf_slice(&text), written_ns, force);
	buf_free(&text);
	config_free(c);
	return code;
}

int
cmd_import(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "force", no_argument, NULL, 'F' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *config = NULL;
	bool force = false;
	int opt;

	optind = 0; /* glibc: start anew, whoever has used getopt before */
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return fputs(usage, stdout) < 0 ? EX_IOERR : 0;
		if (opt == '?')
			return EX_USAGE;
		if (opt == 'c')
			config = optarg;
		force |= opt == 'F';
	}
	if (optind + 1 != argc) {
		(void)fputs(usage, stderr);
		return EX_USAGE;
	}
	return import_file(config, argv[optind], force);
}
