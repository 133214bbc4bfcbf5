/*
 * command.c - what the commands that work beside or in place of the daemon share: the
 * configuration, the state file as its owner, exit codes.
 *
 * A file that root makes beside the state file (its WAL, its shared memory) locks the
 * daemon out: so root becomes the owner before the state file is opened. Somebody else
 * who may write it all goes on as he is.
 */
#include "app/command.h"

#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WHY_MAX = 256 * 1024 };

static int remembered_argc;
static char **remembered_argv;

void
command_remember(int argc, char **argv)
{
	/* a copy: getopt sorts argv */
	remembered_argv = calloc((size_t)argc + 1, sizeof *argv);
	remembered_argc = remembered_argv ? argc : 0;
	for (int i = 0; i < remembered_argc; i++)
		remembered_argv[i] = argv[i];
}

/* --- the whole command, as another user ----------------------------------------------
 */

/* For a shell: in quotes where it has to be. */
static void
add_word(struct buf *out, const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
				   "Z0123456789_-+=./:,@%";

	if (word[0] && strspn(word, safe) == strlen(word)) {
		command_show(out, slice_of(word));
		return;
	}
	(void)buf_addc(out, '\'');
	for (; *word; word += strcspn(word, "'")) {
		if (*word == '\'') {
			(void)buf_add(out, SLICE("'\\''"));
			word++;
		}
		command_show(out, (struct slice){ word, strcspn(word, "'") });
	}
	(void)buf_addc(out, '\'');
}

/* user: NULL for root */
static void
add_sudo(struct buf *out, const char *user)
{
	const char *config = getenv("BOUNCEFEED_CONFIG");

	(void)buf_add(out, SLICE("sudo"));
	if (user) {
		(void)buf_add(out, SLICE(" -u "));
		add_word(out, user);
	}
	if (config) { /* sudo does not pass the environment on */
		(void)buf_add(out, SLICE(" env BOUNCEFEED_CONFIG="));
		add_word(out, config);
	}
	for (int i = 0; i < remembered_argc; i++) {
		(void)buf_addc(out, ' ');
		add_word(out, remembered_argv[i]);
	}
}

/* --- configuration -------------------------------------------------------------------
 */

struct config *
command_config(const char *option, bool offline)
{
	struct config_faults faults;
	struct config *c = NULL;

	config_faults_init(&faults);
	int rc = config_load(config_path(option), offline, &c, &faults, NULL);
	if (rc < 0) {
		c = NULL;
		if (rc == -EACCES && geteuid() != 0 && remembered_argc > 0) {
			(void)buf_add(&faults.text, SLICE("as root: "));
			add_sudo(&faults.text, NULL);
			(void)buf_addc(&faults.text, '\n');
		}
		(void)fwrite(faults.text.p, 1, faults.text.n, stderr);
	}
	config_faults_free(&faults);
	return c;
}

const struct config_output *
command_output(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->noutputs; i++) {
		if (!strcmp(c->output[i].name, name))
			return &c->output[i];
	}
	return NULL;
}

int
command_exit(int rc)
{
	static const struct {
		int error, code;
	} code_of[] = {
		{ -EAGAIN, EX_TEMPFAIL },
		{ -EBUSY, EX_TEMPFAIL },
		{ -ENOSPC, EX_TEMPFAIL },
		{ -EBADMSG, EX_SOFTWARE }, /* damaged, or newer than this program */
		{ -EINVAL, EX_CONFIG },
		{ -ENOMEM, EX_OSERR },
		{ -EACCES, EX_NOPERM },
		{ -EPERM, EX_NOPERM },
		{ -EIO, EX_IOERR },
		{ -EROFS, EX_IOERR },
	};

	for (size_t i = 0; i < sizeof code_of / sizeof code_of[0]; i++) {
		if (code_of[i].error == rc)
			return code_of[i].code;
	}
	return rc < 0 ? EX_CANTCREAT : 0;
}

/* --- the owner of the state file -----------------------------------------------------
 */

static void
dir_of(const char *path, char out[PATH_MAX])
{
	struct slice s = slice_of(path);
	size_t slash = slice_rfind(s, '/');

	if (slash == s.n)
		(void)snprintf(out, PATH_MAX, ".");
	else if (snprintf(out, PATH_MAX, "%.*s", slash ? (int)slash : 1, path) >=
		 PATH_MAX)
		(void)snprintf(out, PATH_MAX, "/"); /* too long: the open will say so */
}

/* The state file, or its directory where it is not there or cannot be seen. */
static int
find_owner(const char *path, struct stat *st)
{
	char dir[PATH_MAX];

	if (stat(path, st) == 0)
		return 0;
	dir_of(path, dir);
	return stat(dir, st) < 0 ? -errno : 0;
}

/* All of it: the file if it is there, and what SQLite makes beside it. */
static bool
may_write(const char *path)
{
	char dir[PATH_MAX];

	dir_of(path, dir);
	return faccessat(AT_FDCWD, dir, R_OK | W_OK | X_OK, AT_EACCESS) == 0 &&
	       (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 ||
		   errno == ENOENT);
}

static int
become(const struct stat *st, struct buf *why)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	gid_t gid = pw ? pw->pw_gid : st->st_gid;
	int rc = pw ? initgroups(pw->pw_name, gid) : setgroups(0, NULL);

	if (rc < 0 || setgid(gid) < 0 || setuid(st->st_uid) < 0 ||
	    geteuid() != st->st_uid) {
		(void)buf_printf(why, "cannot become user %lu, who owns it: %s",
		    (unsigned long)st->st_uid, strerror(errno));
		return EX_NOPERM;
	}
	return 0;
}

static void
tell_owner(const struct stat *st, struct buf *why)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	char number[32];

	(void)snprintf(number, sizeof number, "#%lu", (unsigned long)st->st_uid);
	const char *user = pw ? pw->pw_name : number;
	(void)buf_add(why, SLICE(" belongs to "));
	command_show(why, slice_of(user));
	(void)buf_add(why, SLICE(": "));
	add_sudo(why, st->st_uid == 0 ? NULL : user);
}

int
command_own(const char *state_path, struct buf *why)
{
	struct stat st;
	int rc = find_owner(state_path, &st);
	bool root = geteuid() == 0;

	if (rc == 0 && (st.st_uid == geteuid() || (!root && may_write(state_path))))
		return 0;
	if (rc < 0 && (root || rc != -EACCES))
		return 0; /* the open will say what is wrong */
	command_show(why, slice_of(state_path));
	if (rc < 0) {
		(void)buf_add(why, SLICE(" cannot be seen: "));
		add_sudo(why, NULL);
		return EX_NOPERM;
	}
	if (root) {
		(void)buf_add(why, SLICE(": "));
		return become(&st, why);
	}
	tell_owner(&st, why);
	return EX_NOPERM;
}

int
command_become_owner(const char *command, const char *state_path)
{
	struct buf why;

	buf_init(&why, WHY_MAX);
	int code = command_own(state_path, &why);
	if (code != 0)
		(void)fprintf(
		    stderr, "bouncefeed %s: %.*s\n", command, (int)why.n, why.p);
	buf_free(&why);
	return code;
}

int
command_store(const char *command, const struct config *c, enum store_mode mode,
    struct store **out)
{
	struct store_options o = { .version = BOUNCEFEED_VERSION,
		.secure_delete = c->state_secure_delete };
	struct err e = { 0 };
	long holder = 0;
	int code = command_become_owner(command, c->state_path);

	if (code != 0)
		return code;
	int rc = store_open(c->state_path, mode, &o, out, &holder, &e);
	if (rc == 0)
		return 0;
	if (rc == -ENOENT && mode != STORE_OWN) {
		command_tell(command, "no state file yet: %s", c->state_path);
		return EX_NOINPUT;
	}
	command_tell(command, "%s", e.text);
	return command_exit(rc);
}
