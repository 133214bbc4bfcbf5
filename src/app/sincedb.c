/*
 * sincedb.c - reads "inode major minor offset [timestamp [path]]".
 *
 * The grammar is logstash-input-file's lib/filewatch/sincedb_record_serializer.rb and
 * sincedb_value.rb: blanks between, the time in seconds with a fraction, the path as it
 * is to the end of the line, blanks included. Whatever else a line has, nothing of it
 * is taken. On Windows the inode is no number: such a line is not understood.
 */
#include "app/sincedb.h"

#include <sys/sysmacros.h>

static const uint64_t SECONDS_MAX = UINT64_C(253402300799); /* of the year 9999 */

/* The next word of *s, which moves behind it and one blank. */
static struct slice
take_word(struct slice *s)
{
	size_t begin = 0, n;

	while (begin < s->n && (s->p[begin] == ' ' || s->p[begin] == '\t'))
		begin++;
	struct slice word = slice_from(*s, begin);
	for (n = 0; n < word.n && word.p[n] != ' ' && word.p[n] != '\t'; n++)
		;
	*s = slice_from(word, n + 1);
	word.n = n;
	return word;
}

/* "1519319662.852678" */
static bool
read_time(struct slice word, int64_t *ms_out)
{
	size_t dot = slice_find(word, '.');
	struct slice fraction = slice_from(word, dot + 1);
	uint64_t sec, ms = 0;

	if (!slice_u64((struct slice){ word.p, dot }, &sec) || sec > SECONDS_MAX ||
	    (dot < word.n && fraction.n == 0))
		return false;
	for (size_t i = 0; i < fraction.n; i++) {
		if (!is_digit(fraction.p[i]))
			return false;
	}
	for (size_t i = 0; i < 3; i++)
		ms = ms * 10 + (uint64_t)(i < fraction.n ? fraction.p[i] - '0' : 0);
	*ms_out = (int64_t)(sec * 1000 + ms);
	return true;
}

const char *
sincedb_read(struct slice line, struct sincedb_entry *out)
{
	struct sincedb_entry e = { 0 };
	struct slice word[4], time;

	if (slice_find(line, '\0') < line.n)
		return "there is a NUL byte in it";
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	for (size_t i = 0; i < 4; i++)
		word[i] = take_word(&line);
	time = take_word(&line);
	if (word[3].n == 0)
		return "it has less than four fields";
	if (!slice_u64(word[0], &e.inode))
		return "its inode is no number that fits";
	if (!slice_u64(word[1], &e.major) || !slice_u64(word[2], &e.minor))
		return "its device is no pair of numbers";
	if (!slice_u64(word[3], &e.offset))
		return "its offset is no number that fits";
	if (time.n > 0 && !read_time(time, &e.at_ms))
		return "its time stamp is none";
	e.path = line;
	*out = e;
	return NULL;
}

/*
 * Logstash runs on JRuby, whose jnr-posix takes st_dev apart as BSD does: 253:17 is
 * written as "0 64785". Ruby's own numbers are those of ls(1).
 */
bool
sincedb_is_on(const struct sincedb_entry *e, uint64_t dev)
{
	return (e->major == major(dev) && e->minor == minor(dev)) ||
	       (e->major == (dev >> 24 & 0xff) && e->minor == (dev & 0xffffff));
}
