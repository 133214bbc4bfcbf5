/*
 * test_layers.h - the parts of a layer's suite that stand in a file of their own.
 */
#ifndef BOUNCEFEED_TEST_LAYERS_H
#define BOUNCEFEED_TEST_LAYERS_H

#include <check.h>

void base_add_time_tests(TCase *t);   /* test_base_time.c */
void event_add_code_tests(TCase *t);  /* test_event_code.c */
void event_add_json_tests(TCase *t);  /* test_event_json.c */
void event_add_limit_tests(TCase *t); /* test_event_limit.c */
void pack_add_zstd_tests(Suite *s);   /* test_pack_zstd.c */
void frame_add_edge_tests(TCase *t);  /* test_frame_edge.c */

/* One row of a table failed: kept for rows_end(), which fails the test if there is one.
 */
void row_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rows_end(size_t rows);

#endif
