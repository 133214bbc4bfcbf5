/*
 * test_import.c - a sincedb: its lines, its devices, and which file a line is of. What
 * is then stored is the business of test_stream_place.c (skip) and e2e 67-sincedb.
 */
#include <check.h>

#include <string.h>

#include "app/import_internal.h"

Suite *suite_import(void);

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* --- lines ---------------------------------------------------------------------------
 */

#define FIELDS "it has less than four fields"
#define INODE  "its inode is no number that fits"
#define DEVICE "its device is no pair of numbers"
#define OFFSET "its offset is no number that fits"
#define STAMP  "its time stamp is none"

static const struct line_case {
	struct slice in;
	const char *why; /* NULL: understood */
	struct sincedb_entry want;
} line_cases[] = {
	/* from reports to logstash-input-file, paths changed */
	{ SLICE("14 0 64785 0 1527120059.182281 /folder/file1.log"), NULL,
	    { 14, 0, 64785, 0, 1527120059182, SLICE("/folder/file1.log") } },
	{ SLICE("5391299 1 4 12 1520966554.91894 /a/path/to/1.log"), NULL,
	    { 5391299, 1, 4, 12, 1520966554918, SLICE("/a/path/to/1.log") } },
	{ SLICE("1048593 0 64785 640205159"), NULL,
	    { 1048593, 0, 64785, 640205159, 0, { 0 } } },
	{ SLICE("42424242 2 5 42 1520966554.0"), NULL,
	    { 42424242, 2, 5, 42, 1520966554000, { 0 } } },
	{ SLICE("1 2 3 4 5"), NULL, { 1, 2, 3, 4, 5000, { 0 } } },
	{ SLICE("1 2 3 4 5.6789 "), NULL, { 1, 2, 3, 4, 5678, { 0 } } },
	{ SLICE(" 1\t2  3 4"), NULL, { 1, 2, 3, 4, 0, { 0 } } },
	{ SLICE("1 2 3 4 5 /with blanks  in it"), NULL,
	    { 1, 2, 3, 4, 5000, SLICE("/with blanks  in it") } },
	{ SLICE("1 2 3 4 5 /x\r"), NULL, { 1, 2, 3, 4, 5000, SLICE("/x") } },
	{ SLICE("1 2 3 4\r"), NULL, { 1, 2, 3, 4, 0, { 0 } } },
	{ SLICE("1 2 3 4 5 /\xff\xfe"), NULL,
	    { 1, 2, 3, 4, 5000, SLICE("/\xff\xfe") } },
	{ SLICE("18446744073709551615 0 0 18446744073709551615"), NULL,
	    { UINT64_MAX, 0, 0, UINT64_MAX, 0, { 0 } } },
	{ SLICE("1 2 3 4 253402300799.999 /x"), NULL,
	    { 1, 2, 3, 4, INT64_C(253402300799999), SLICE("/x") } },
	{ SLICE(""), FIELDS, { 0 } },
	{ SLICE("   "), FIELDS, { 0 } },
	{ SLICE("1 2 3"), FIELDS, { 0 } },
	{ SLICE("/var/log/mail.log"), FIELDS, { 0 } },
	{ SLICE("{\"inode\": 5}"), FIELDS, { 0 } },
	{ SLICE("18446744073709551616 0 0 1"), INODE, { 0 } },
	{ SLICE("-1 0 0 1"), INODE, { 0 } },
	{ SLICE("3242-7168-131072 0 0 1"), INODE, { 0 } },
	{ SLICE("0x10 0 0 1"), INODE, { 0 } },
	{ SLICE("1 a 0 1"), DEVICE, { 0 } },
	{ SLICE("1 0 64785,1 1"), DEVICE, { 0 } },
	{ SLICE("1 0 0 -1"), OFFSET, { 0 } },
	{ SLICE("1 0 0 1.5"), OFFSET, { 0 } },
	{ SLICE("1 0 0 99999999999999999999999999"), OFFSET, { 0 } },
	{ SLICE("1 0 0 1 /x"), STAMP, { 0 } },
	{ SLICE("1 0 0 1 1.5e9 /x"), STAMP, { 0 } },
	{ SLICE("1 0 0 1 15. /x"), STAMP, { 0 } },
	{ SLICE("1 0 0 1 .5 /x"), STAMP, { 0 } },
	{ SLICE("1 0 0 1 253402300800 /x"), STAMP, { 0 } },
	{ SLICE("1 0 0 1\0"), "there is a NUL byte in it", { 0 } },
	{ SLICE("\0\0\0\0"), "there is a NUL byte in it", { 0 } },
};

START_TEST(a_line_is_read_or_told)
{
	const struct line_case *k = &line_cases[_i];
	const struct sincedb_entry *w = &k->want;
	struct sincedb_entry got = { 0 };
	const char *why = sincedb_read(k->in, &got);

	ck_assert_msg((!why && !k->why) || (why && k->why && !strcmp(why, k->why)),
	    "\"%.*s\": got %s, want %s", (int)k->in.n, k->in.p,
	    why ? why : "understood", k->why ? k->why : "understood");
	ck_assert_msg(got.inode == w->inode && got.major == w->major &&
			  got.minor == w->minor && got.offset == w->offset &&
			  got.at_ms == w->at_ms && slice_eq(got.path, w->path),
	    "\"%.*s\": got %llu %llu %llu %llu %lld \"%.*s\"", (int)k->in.n, k->in.p,
	    (unsigned long long)got.inode, (unsigned long long)got.major,
	    (unsigned long long)got.minor, (unsigned long long)got.offset,
	    (long long)got.at_ms, (int)got.path.n, got.path.p);
}
END_TEST

START_TEST(a_file_of_lines_is_read)
{
	static const struct slice text = SLICE(
	    "1 0 0 5\n\n\r\n2 0 0\n3 0 0 7\n4 0 0 8");
	static const struct {
		unsigned number;
		uint64_t inode;
		bool bad, unended;
	} want[] = { { 1, 1, false, false }, { 4, 0, true, false },
		{ 5, 3, false, false }, { 6, 4, false, true } };
	struct import_line got[6] = { 0 };
	size_t n = import_read(text, got, COUNT(got));

	ck_assert_msg(n == COUNT(want), "got %zu lines, want %zu", n, COUNT(want));
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(got[i].number == want[i].number &&
				  got[i].entry.inode == want[i].inode &&
				  (got[i].why != NULL) == want[i].bad &&
				  got[i].unended == want[i].unended &&
				  got[i].is == IMPORT_BAD,
		    "%zu: got line %u of inode %llu, want line %u of %llu", i,
		    got[i].number, (unsigned long long)got[i].entry.inode,
		    want[i].number, (unsigned long long)want[i].inode);
	n = import_read(text, got, 2);
	ck_assert_msg(n == 2, "room for 2: got %zu lines", n);
}
END_TEST

START_TEST(a_device_is_written_in_two_ways)
{
	static const struct {
		uint64_t major, minor, dev;
		bool want;
	} cases[] = {
		{ 253, 17, 0xfd11, true },  /* ls -l /dev */
		{ 0, 64785, 0xfd11, true }, /* JRuby: 0xfd11 */
		{ 0, 0, 0xfd11, false },
		{ 17, 253, 0xfd11, false },
		{ 259, 300, 0x1010320c, false },
		{ 259, 300, 0x11032c, true },
		{ 0, 0x11032c, 0x11032c, true },
		{ 0x12, 0x345678, 0x12345678, true }, /* BSD's way with a large one */
		{ 0, 0, 0, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sincedb_entry e = { .major = cases[i].major,
			.minor = cases[i].minor };
		bool got = sincedb_is_on(&e, cases[i].dev);
		ck_assert_msg(got == cases[i].want,
		    "%llu %llu on %llx: got %d, want %d", (unsigned long long)e.major,
		    (unsigned long long)e.minor, (unsigned long long)cases[i].dev, got,
		    cases[i].want);
	}
}
END_TEST

/* --- which file ----------------------------------------------------------------------
 */

enum { FILES = 8, LINES = 3 };

/* By inode, as import.c lists them. Two sources see the same file 20. */
static struct source_file disk[FILES] = {
	{ .ino = 10, .dev = 0xfd11, .path = (char *)"/one", .live = true },
	{ .ino = 20, .dev = 0xfd11, .path = (char *)"/shared", .live = true },
	{ .ino = 20, .dev = 0xfd11, .path = (char *)"/shared" },
	{ .ino = 30, .dev = 0xfd11, .path = (char *)"/a", .live = true },
	{ .ino = 30, .dev = 0xfd12, .path = (char *)"/b" },
	{ .ino = 40, .dev = 0xfd11, .path = (char *)"/done/x" },
	{ .ino = 40, .dev = 0xfd11, .path = (char *)"/done/x" },
	{ .ino = 50, .dev = 0xfd12, .path = (char *)"/five" },
};

static const struct match_case {
	const char *name;
	const char *text;
	struct {
		enum import_outcome is;
		int file; /* index of disk, -1: none */
		bool other_device;
		unsigned other;
	} want[LINES];
} match_cases[] = {
	{ "by device and inode, JRuby's way", "10 0 64785 1 1.5 /one\n",
	    { { IMPORT_TAKEN, 0 } } },
	{ "renamed since", "10 0 64785 1 1.5 /other\n", { { IMPORT_TAKEN, 0 } } },
	{ "by the inode alone", "10 0 0 1\n", { { IMPORT_TAKEN, 0, true } } },
	{ "no such inode", "11 0 64785 1\n", { { IMPORT_NO_FILE, -1 } } },
	{ "a file of two sources is the one's that has it live", "20 253 17 1\n",
	    { { IMPORT_TAKEN, 1 } } },
	{ "in the archives of two sources", "40 253 17 1\n",
	    { { IMPORT_TWO_FILES, -1 } } },
	{ "on two devices, one fits", "30 0 64786 1\n", { { IMPORT_TAKEN, 4 } } },
	{ "on two devices, none fits", "30 0 0 1\n", { { IMPORT_TWO_FILES, -1 } } },
	{ "on two devices, the path tells", "30 0 0 1 1.5 /b\n",
	    { { IMPORT_TAKEN, 4, true } } },
	{ "two lines, the later time", "10 0 64785 1 9 /one\n10 0 64785 2 8 /one\n",
	    { { IMPORT_TAKEN, 0 }, { IMPORT_TWO_LINES, 0, false, 1 } } },
	{ "two lines, equal times", "10 0 64785 1\n10 0 64785 2\n",
	    { { IMPORT_TWO_LINES, 0, false, 2 }, { IMPORT_TAKEN, 0 } } },
	{ "two lines, the device", "10 0 64785 1 8 /one\n10 0 77 2 9 /one\n",
	    { { IMPORT_TAKEN, 0 }, { IMPORT_TWO_LINES, 0, true, 1 } } },
	{ "an old line of another device", "50 0 64999 1 9 /five\n50 0 64786 7 8 /x\n",
	    { { IMPORT_TWO_LINES, 7, true, 2 }, { IMPORT_TAKEN, 7 } } },
	{ "each its own", "30 0 64785 1\n30 0 64786 1\n10 0 64785 1\n",
	    { { IMPORT_TAKEN, 3 }, { IMPORT_TAKEN, 4 }, { IMPORT_TAKEN, 0 } } },
};

START_TEST(a_line_finds_its_file)
{
	const struct match_case *k = &match_cases[_i];
	struct import_file file[FILES] = { 0 };
	struct import_line line[LINES] = { 0 };
	struct import im = { .line = line, .file = file, .nfiles = FILES };

	for (size_t i = 0; i < FILES; i++)
		file[i].s = &disk[i];
	im.nlines = import_read(slice_of(k->text), line, LINES);
	for (size_t i = 0; i < im.nlines; i++) {
		ck_assert_msg(
		    !line[i].why, "%s: line %zu: got %s", k->name, i + 1, line[i].why);
		import_match(&im, &line[i]);
	}
	for (size_t i = 0; i < im.nlines; i++) {
		int at = line[i].file ? (int)(line[i].file - file) : -1;
		ck_assert_msg(line[i].is == k->want[i].is && at == k->want[i].file &&
				  line[i].other_device == k->want[i].other_device &&
				  line[i].other == k->want[i].other,
		    "%s: line %zu: got %d, file %d, other device %d, other line %u",
		    k->name, i + 1, line[i].is, at, line[i].other_device,
		    line[i].other);
	}
}
END_TEST

Suite *
suite_import(void)
{
	Suite *s = suite_create("import");
	TCase *t = tcase_create("import");

	tcase_add_loop_test(t, a_line_is_read_or_told, 0, COUNT(line_cases));
	tcase_add_test(t, a_file_of_lines_is_read);
	tcase_add_test(t, a_device_is_written_in_two_ways);
	tcase_add_loop_test(t, a_line_finds_its_file, 0, COUNT(match_cases));
	suite_add_tcase(s, t);
	return s;
}
