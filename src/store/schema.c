/*
 * schema.c - the tables of the state file and every statement that touches them.
 *
 * Times: _ms and _ns are of the wall clock since 1970. batch.place orders a queue: it
 * is the id of the batch that was sealed, and the halves of a refused batch keep it; of
 * one place the highest id comes first, so that halves of halves are tried depth first.
 * batch.standing is 0 in the queue; batch.fixed 1: it may have been tried.
 *
 * The layouts stand in their order: a new file is made by all of them, an older one is
 * brought up by those it lacks.
 */
#include "store/store_internal.h"

static const char layout_1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE source(name TEXT PRIMARY KEY, scanned_ns INTEGER NOT NULL DEFAULT 0,"
    "  event_ms INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE file(id INTEGER PRIMARY KEY, source TEXT NOT NULL, dev INTEGER,"
    "  ino INTEGER, key BLOB, offset INTEGER NOT NULL, skip INTEGER NOT NULL,"
    "  marker BLOB, header BLOB, path BLOB, seen_ms INTEGER NOT NULL);"
    "CREATE INDEX file_source ON file(source);"
    "CREATE TABLE batch(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,"
    "  output TEXT NOT NULL, key TEXT NOT NULL, format TEXT NOT NULL,"
    "  host TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL DEFAULT 0, sealed_ms INTEGER NOT NULL,"
    "  sum INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX batch_queue ON batch(output, place, id);"
    "CREATE TABLE dead(id INTEGER PRIMARY KEY AUTOINCREMENT, output TEXT NOT NULL,"
    "  event BLOB NOT NULL, code INTEGER NOT NULL, answer BLOB, at_ms INTEGER NOT "
    "NULL);"
    "CREATE TABLE bad(id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL,"
    "  reason TEXT NOT NULL, file BLOB, offset INTEGER NOT NULL, bytes BLOB,"
    "  at_ms INTEGER NOT NULL);"
    "CREATE INDEX bad_source ON bad(source, id);"
    "CREATE TABLE bad_count(source TEXT, reason TEXT, n INTEGER NOT NULL,"
    "  PRIMARY KEY(source, reason)) WITHOUT ROWID;"
    "CREATE TABLE output(name TEXT PRIMARY KEY, state TEXT NOT NULL DEFAULT 'ok',"
    "  error TEXT, error_ms INTEGER NOT NULL DEFAULT 0,"
    "  accepted INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0)"
    "  WITHOUT ROWID;";

/* set-apart batches, joining, sums that need not be counted, what commands leave here;
 * batches of layout 1 may all have been tried */
static const char layout_2[] =
    /* the body last: what stands behind it costs a walk over its pages */
    "ALTER TABLE batch RENAME TO batch_1;"
    "CREATE TABLE batch(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,"
    "  output TEXT NOT NULL, key TEXT NOT NULL, format TEXT NOT NULL,"
    "  host TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    "  tries INTEGER NOT NULL DEFAULT 0, sealed_ms INTEGER NOT NULL,"
    "  size INTEGER NOT NULL, fixed INTEGER NOT NULL DEFAULT 1,"
    "  standing INTEGER NOT NULL DEFAULT 0, code INTEGER NOT NULL DEFAULT 0,"
    "  answer BLOB, due_ms INTEGER NOT NULL DEFAULT 0,"
    "  sum INTEGER NOT NULL, body BLOB NOT NULL);"
    "INSERT INTO batch(id, place, output, key, format, host, count, bytes, tries,"
    "  sealed_ms, size, sum, body) SELECT id, place, output, key, format, host, count,"
    "  bytes, tries, sealed_ms, length(body), sum, body FROM batch_1;"
    "DELETE FROM sqlite_sequence WHERE name = 'batch';"
    "UPDATE sqlite_sequence SET name = 'batch' WHERE name = 'batch_1';"
    "DROP TABLE batch_1;"
    "CREATE INDEX batch_queue ON batch(output, standing, place, id DESC, count,"
    "  size, sealed_ms);"
    "CREATE INDEX batch_apart ON batch(output, standing, due_ms) WHERE standing > 0;"
    "ALTER TABLE file ADD COLUMN size INTEGER NOT NULL DEFAULT -1;"
    "ALTER TABLE file ADD COLUMN start_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE output ADD COLUMN dead_bytes INTEGER NOT NULL DEFAULT 0;"
    "INSERT OR IGNORE INTO output(name) SELECT DISTINCT output FROM dead;"
    "UPDATE output SET dead_bytes = coalesce((SELECT sum(length(event)"
    "  + coalesce(length(answer), 0)) FROM dead d WHERE d.output = output.name), 0);"
    "CREATE INDEX dead_output ON dead(output, id);"
    "CREATE INDEX dead_at ON dead(at_ms);"
    "CREATE TABLE tally(source TEXT, slot INTEGER, type TEXT, class TEXT,"
    "  n INTEGER NOT NULL, PRIMARY KEY(slot, source, type, class)) WITHOUT ROWID;"
    "CREATE TABLE request(id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL,"
    "  output TEXT NOT NULL);"
    "CREATE TABLE replay(what BLOB PRIMARY KEY, offset INTEGER NOT NULL,"
    "  at_ms INTEGER NOT NULL) WITHOUT ROWID;";

const char *const store_layout[STORE_LAYOUTS] = { layout_1, layout_2 };

/* the columns that read_batch() takes, in its order */
#define BATCH_COLUMNS                                                                  \
	"id, place, output, key, format, host, count, bytes, tries, sealed_ms, fixed," \
	" standing, code, answer, due_ms"

const char *const store_sql_text[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_PAGES] = "SELECT page_count, freelist_count"
		      " FROM pragma_page_count(), pragma_freelist_count()",
	[SQL_DATA_VERSION] = "PRAGMA data_version",
	[SQL_BATCH_PUT] =
	    "INSERT INTO batch(place, output, key, format, host, count, bytes,"
	    "  sealed_ms, sum, body, size, fixed, standing, code, answer, due_ms, "
	    "tries)"
	    " VALUES(CASE ?1 WHEN 0 THEN"
	    "  1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'batch'), 0)"
	    "  ELSE ?1 END,"
	    "  ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
	[SQL_BATCH_FIRST] =
	    "SELECT " BATCH_COLUMNS " FROM batch"
	    " WHERE output = ?1 AND standing = 0 ORDER BY place, id DESC",
	[SQL_BATCH_BEHIND] = "SELECT " BATCH_COLUMNS " FROM batch"
			     " WHERE output = ?1 AND standing = 0"
			     "  AND place >= ?2 AND (place > ?2 OR id < ?3)"
			     "  ORDER BY place, id DESC",
	[SQL_BATCH_LAST] =
	    "SELECT " BATCH_COLUMNS " FROM batch"
	    " WHERE output = ?1 AND standing = 0 ORDER BY place DESC, id",
	[SQL_BATCH_APART] = "SELECT " BATCH_COLUMNS " FROM batch"
			    " WHERE output = ?1 AND standing = ?2 AND standing > 0"
			    "  AND due_ms <= ?3 ORDER BY due_ms, id",
	[SQL_BATCH_BY_ID] = "SELECT " BATCH_COLUMNS " FROM batch WHERE id = ?1",
	[SQL_BATCH_BODY] = "SELECT sum, body FROM batch WHERE id = ?1",
	[SQL_BATCH_TRIED] = "UPDATE batch SET tries = tries + 1 WHERE id = ?1",
	[SQL_BATCH_FIX] = "UPDATE batch SET fixed = 1 WHERE id = ?1",
	[SQL_BATCH_DELETE] = "DELETE FROM batch WHERE id = ?1",
	[SQL_BATCH_SET_APART] =
	    "UPDATE batch SET standing = ?2, code = ?3, answer = ?4, due_ms = ?5"
	    " WHERE id = ?1",
	[SQL_BATCH_DUE] = "UPDATE batch SET due_ms = ?2 WHERE id = ?1",
	[SQL_BATCH_RESTAND] =
	    "UPDATE batch SET standing = ?3 WHERE output = ?1 AND standing = ?2",
	[SQL_APART_EACH] = "SELECT " BATCH_COLUMNS " FROM batch WHERE standing > 0"
			   "  AND (?1 = '' OR output = ?1) ORDER BY id",
	[SQL_QUEUE] = "SELECT standing, count(*), sum(count), sum(size), min(sealed_ms)"
		      " FROM batch WHERE output = ?1 GROUP BY standing",
	/* 1 suspect, 3 aside: 2 has its turn at once, 4 (damaged) none at all */
	[SQL_DUE] = "SELECT min(due_ms) FROM batch WHERE output = ?1"
		    "  AND standing > 0 AND standing IN (1, 3)",
	[SQL_DUE_NOW] = "UPDATE batch SET due_ms = 0 WHERE output = ?1"
			"  AND standing > 0 AND standing IN (1, 3)",
	[SQL_DROP_BATCHES] = "DELETE FROM batch WHERE output = ?1",
	[SQL_DROP_DEAD] = "DELETE FROM dead WHERE output = ?1",
	[SQL_DROP_OUTPUT] = "DELETE FROM output WHERE name = ?1",
	[SQL_DEAD_PUT] = "INSERT INTO dead(output, event, code, answer, at_ms) "
			 "VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_DEAD_SIZE] =
	    "INSERT INTO output(name, dead_bytes) VALUES(?1, max(0, ?2))"
	    " ON CONFLICT(name) DO UPDATE SET dead_bytes = max(0, dead_bytes + ?2)",
	[SQL_DEAD_EACH] = "SELECT id, output, event, code, answer, at_ms FROM dead"
			  " WHERE id > ?2 AND (?1 = '' OR output = ?1) ORDER BY id",
	[SQL_DEAD_GET] = "SELECT id, output, event, code, answer, at_ms FROM dead"
			 " WHERE id = ?1",
	[SQL_DEAD_OLD] = "SELECT id FROM dead WHERE at_ms < ?1 ORDER BY at_ms LIMIT 1",
	[SQL_DEAD_DELETE] = "DELETE FROM dead WHERE id = ?1 RETURNING output,"
			    "  length(event) + coalesce(length(answer), 0)",
	[SQL_DEAD_BYTES] = "SELECT coalesce(sum(dead_bytes), 0) FROM output",
	[SQL_TALLY_ADD] =
	    "INSERT INTO tally(source, slot, type, class, n) VALUES(?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT(slot, source, type, class) DO UPDATE SET n = n + excluded.n",
	[SQL_TALLY_TRIM] = "DELETE FROM tally WHERE slot < ?1",
	[SQL_TALLY_EACH] = "SELECT source, type, class, sum(n) FROM tally"
			   " WHERE slot >= ?1 GROUP BY source, type, class"
			   " ORDER BY source, type, class",
	[SQL_REQUEST_PUT] = "INSERT INTO request(what, output) VALUES(?1, ?2)",
	[SQL_REQUESTS_TAKE] = "DELETE FROM request RETURNING what, output",
	[SQL_REPLAY_GET] = "SELECT offset FROM replay WHERE what = ?1",
	[SQL_REPLAY_PUT] = "INSERT INTO replay(what, offset, at_ms) VALUES(?1, ?2, ?3)"
			   " ON CONFLICT(what) DO UPDATE SET"
			   "  offset = excluded.offset, at_ms = excluded.at_ms",
	[SQL_FILE_INSERT] =
	    "INSERT INTO file(source, dev, ino, key, offset, skip, marker, header, "
	    "path, seen_ms, size, start_ms)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
	[SQL_FILE_UPDATE] =
	    "UPDATE file SET source = ?1, dev = ?2, ino = ?3, key = ?4, offset = ?5,"
	    "  skip = ?6, marker = ?7, header = ?8, path = ?9, seen_ms = ?10,"
	    "  size = ?11, start_ms = ?12 WHERE id = ?13",
	[SQL_FILE_FORGET] = "DELETE FROM file WHERE id = ?1",
	[SQL_FILE_EACH] =
	    "SELECT id, dev, ino, key, offset, skip, marker, header, path, seen_ms,"
	    " size, start_ms FROM file WHERE source = ?1 ORDER BY id",
	[SQL_SOURCE_GET] = "SELECT scanned_ns FROM source WHERE name = ?1",
	[SQL_SOURCE_PUT] =
	    "INSERT INTO source(name, scanned_ns) VALUES(?1, ?2)"
	    " ON CONFLICT(name) DO UPDATE SET scanned_ns = excluded.scanned_ns",
	[SQL_SOURCE_EVENT] = "UPDATE source SET event_ms = ?2 WHERE name = ?1",
	[SQL_SOURCE_EACH] =
	    "SELECT s.name, s.event_ms,"
	    "  coalesce((SELECT sum(n) FROM bad_count c WHERE c.source = s.name), 0),"
	    "  b.reason, b.file, b.offset, b.bytes, b.at_ms, s.scanned_ns"
	    " FROM source s LEFT JOIN bad b"
	    "  ON b.id = (SELECT max(id) FROM bad WHERE source = s.name) ORDER BY "
	    "s.name",
	[SQL_BAD_PUT] = "INSERT INTO bad(source, reason, file, offset, bytes, at_ms)"
			" VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_BAD_TRIM] =
	    "DELETE FROM bad WHERE source = ?1 AND id <= (SELECT id FROM bad"
	    "  WHERE source = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
	[SQL_BAD_COUNT] =
	    "INSERT INTO bad_count(source, reason, n) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT(source, reason) DO UPDATE SET n = n + excluded.n",
	[SQL_OUTPUT_STATE] =
	    "INSERT INTO output(name, state, error, error_ms) VALUES(?1, ?2, ?3, ?4)"
	    " ON CONFLICT(name) DO UPDATE SET state = excluded.state,"
	    "  error = coalesce(excluded.error, error),"
	    "  error_ms = max(excluded.error_ms, error_ms)",
	[SQL_OUTPUT_COUNT] =
	    "INSERT INTO output(name, accepted, dead) VALUES(?1, ?2, ?3)"
	    " ON CONFLICT(name) DO UPDATE SET accepted = accepted + excluded.accepted,"
	    "  dead = dead + excluded.dead",
	[SQL_OUTPUT_EACH] =
	    "SELECT o.name, o.state, o.error, o.error_ms, o.accepted, o.dead,"
	    "  (SELECT count(*) FROM dead d WHERE d.output = o.name)"
	    " FROM output o ORDER BY o.name",
};
