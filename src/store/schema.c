/*
 * schema.c - the tables of the state file and every statement that touches them.
 *
 * Times: _ms and _ns are of the wall clock since 1970. batch.place orders a queue: it
 * is the id of the batch that was sealed, and the halves of a refused batch keep it.
 */
#include "store/store_internal.h"

const char store_schema[] =
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

const char *const store_sql_text[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_PAGES] = "SELECT page_count, freelist_count"
		      " FROM pragma_page_count(), pragma_freelist_count()",
	[SQL_BATCH_PUT] = "INSERT INTO batch(place, output, key, format, host, count, "
			  "bytes, sealed_ms,"
			  "  sum, body) VALUES(CASE ?1 WHEN 0 THEN"
			  "    1 + coalesce((SELECT seq FROM sqlite_sequence WHERE "
			  "name = 'batch'), 0)"
			  "    ELSE ?1 END, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_BATCH_FIRST] =
	    "SELECT id, place, key, format, host, count, bytes, tries, sealed_ms"
	    " FROM batch WHERE output = ?1 ORDER BY place, id LIMIT 1",
	[SQL_BATCH_BODY] = "SELECT sum, body FROM batch WHERE id = ?1",
	[SQL_BATCH_TRIED] = "UPDATE batch SET tries = tries + 1 WHERE id = ?1",
	[SQL_BATCH_DELETE] = "DELETE FROM batch WHERE id = ?1",
	[SQL_DEAD_PUT] = "INSERT INTO dead(output, event, code, answer, at_ms) "
			 "VALUES(?1, ?2, ?3, ?4, ?5)",
	[SQL_FILE_INSERT] =
	    "INSERT INTO file(source, dev, ino, key, offset, skip, marker, header, "
	    "path,"
	    "  seen_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_FILE_UPDATE] =
	    "UPDATE file SET source = ?1, dev = ?2, ino = ?3, key = ?4, offset = ?5,"
	    "  skip = ?6, marker = ?7, header = ?8, path = ?9, seen_ms = ?10 WHERE id "
	    "= ?11",
	[SQL_FILE_FORGET] = "DELETE FROM file WHERE id = ?1",
	[SQL_FILE_EACH] =
	    "SELECT id, dev, ino, key, offset, skip, marker, header, path, seen_ms"
	    " FROM file WHERE source = ?1 ORDER BY id",
	[SQL_SOURCE_GET] = "SELECT scanned_ns FROM source WHERE name = ?1",
	[SQL_SOURCE_PUT] =
	    "INSERT INTO source(name, scanned_ns) VALUES(?1, ?2)"
	    " ON CONFLICT(name) DO UPDATE SET scanned_ns = excluded.scanned_ns",
	[SQL_SOURCE_EVENT] = "UPDATE source SET event_ms = ?2 WHERE name = ?1",
	[SQL_SOURCE_EACH] =
	    "SELECT s.name, s.event_ms,"
	    "  coalesce((SELECT sum(n) FROM bad_count c WHERE c.source = s.name), 0),"
	    "  b.reason, b.file, b.offset"
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
	    "  count(b.id), coalesce(sum(b.count), 0), coalesce(sum(b.bytes), 0),"
	    "  coalesce(min(b.sealed_ms), 0),"
	    "  (SELECT count(*) FROM dead d WHERE d.output = o.name)"
	    " FROM output o LEFT JOIN batch b ON b.output = o.name"
	    " GROUP BY o.name ORDER BY o.name",
};
