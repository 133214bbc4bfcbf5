/*
 * test_store_batch.c - the queues in the state file: order, rollback, damage.
 */
#include "test_store.h"

#include <errno.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

START_TEST(batches_come_in_order_and_halves_keep_their_place)
{
	store_test_begin();
	(void)store_test_put("first", 0);
	int64_t parent = store_test_put("parent", 0);
	(void)store_test_put("third", 0);
	store_test_commit();
	store_test_begin();
	ck_assert_msg(store_batch_delete(store_test, parent, &store_test_err) == 0,
	    "delete: %s", store_test_err.text);
	(void)store_test_put("half1", parent);
	(void)store_test_put("half2", parent);
	(void)store_test_put("fourth", 0);
	store_test_commit();
	store_test_reopen();
	store_test_queue("order", "first half1 half2 third fourth");
	store_test_begin();
	(void)store_test_put("fifth", 0);
	(void)store_test_put("sixth", 0);
	store_test_commit();
	store_test_queue("after an empty queue", "fifth sixth");
}
END_TEST

START_TEST(a_rollback_leaves_nothing)
{
	store_test_begin();
	(void)store_test_put("kept", 0);
	store_test_commit();
	store_test_begin();
	(void)store_test_put("gone", 0);
	store_rollback(store_test);
	store_rollback(store_test); /* nothing to roll back: nothing happens */
	store_test_begin();
	(void)store_test_put("later", 0);
	store_test_commit();
	store_test_reopen();
	store_test_queue("rollback", "kept later");
}
END_TEST

START_TEST(a_tried_batch_is_counted)
{
	struct store_batch b;
	struct buf events;

	buf_init(&events, 1000);
	store_test_begin();
	int64_t id = store_test_put("a", 0);
	ck_assert_msg(store_batch_tried(store_test, id, &store_test_err) == 0 &&
			  store_batch_tried(store_test, id, &store_test_err) == 0,
	    "tried: %s", store_test_err.text);
	store_test_commit();
	store_test_reopen();
	int rc = store_batch_first(
	    store_test, SLICE("o"), &b, &events, &store_test_err);
	ck_assert_msg(rc == 0 && b.id == id && b.tries == 2,
	    "got %d, %llu tries, want 2", rc, (unsigned long long)b.tries);
	rc = store_batch_first(store_test, SLICE("p"), &b, &events, &store_test_err);
	ck_assert_msg(rc == -ENOENT, "another output: got %d, want -ENOENT", rc);
	buf_free(&events);
}
END_TEST

START_TEST(a_damaged_body_is_refused)
{
	static const char *const damage[] = {
		"UPDATE batch SET body = zeroblob(length(body))",
		"UPDATE batch SET body = substr(body, 1, length(body) - 1)",
		"UPDATE batch SET body = x''",
		"UPDATE batch SET sum = sum + 1",
		"UPDATE batch SET bytes = bytes + 1",
	};
	struct store_batch b;
	struct buf events;

	buf_init(&events, 1 << 20);
	for (size_t i = 0; i < COUNT(damage); i++) {
		store_test_begin();
		int64_t id = store_test_put("some events", 0);
		store_test_commit();
		store_close(store_test);
		store_test_sql(damage[i]);
		ck_assert_msg(store_test_open(STORE_OWN) == 0, "open");
		int rc = store_batch_first(
		    store_test, SLICE("o"), &b, &events, &store_test_err);
		ck_assert_msg(rc == -EBADMSG && store_test_err.text[0],
		    "%s: got %d, want -EBADMSG", damage[i], rc);
		store_test_begin();
		(void)store_batch_delete(store_test, id, &store_test_err);
		store_test_commit();
	}
	buf_free(&events);
}
END_TEST

void
store_add_batch_tests(TCase *t)
{
	tcase_add_test(t, batches_come_in_order_and_halves_keep_their_place);
	tcase_add_test(t, a_rollback_leaves_nothing);
	tcase_add_test(t, a_tried_batch_is_counted);
	tcase_add_test(t, a_damaged_body_is_refused);
}
