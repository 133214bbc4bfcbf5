/*
 * program.c - programs from a seed, carried out, and made as short as they can be
 * while they still fail.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

struct totals model_totals;

static uint64_t
draw(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned
weight_of(unsigned op)
{
	return model_ops[op].packs && !model_packs ? 0 : model_ops[op].weight;
}

void
program_make(struct program *p, uint64_t seed, unsigned ops)
{
	uint64_t state = seed * UINT64_C(0xd1342543de82ef95) + 1;
	unsigned total = 0;

	*p = (struct program){ .seed = seed };
	p->scene = &model_scenes[draw(&state) % model_nscenes];
	p->from_start = draw(&state) % 2;
	p->up = draw(&state) % 4 != 0;
	p->plain = draw(&state) % 8 == 0;
	p->batch = draw(&state) % 2 ? 500 : 1 + (unsigned)(draw(&state) % 4);
	for (unsigned i = 0; i < model_nops; i++)
		total += weight_of(i);
	p->n = ops ? ops : 10 + (unsigned)(draw(&state) % 90);
	for (unsigned i = 0; i < p->n; i++) {
		unsigned at = (unsigned)(draw(&state) % total);
		struct op *o = &p->op[i];
		while (at >= weight_of(o->code))
			at -= weight_of(o->code++);
		o->a = (unsigned)(draw(&state) >> 40);
		o->b = (unsigned)(draw(&state) >> 40);
	}
}

/* "SCENE FROM_START PLAIN UP BATCH op:a:b ..." */
void
program_print(const struct program *p, struct buf *out)
{
	(void)buf_printf(out, "%d %d %d %d %u", (int)(p->scene - model_scenes),
	    p->from_start, p->plain, p->up, p->batch);
	for (unsigned i = 0; i < p->n; i++)
		(void)buf_printf(out, " %s:%u:%u", model_ops[p->op[i].code].name,
		    p->op[i].a, p->op[i].b);
}

static bool
read_op(const char *word, struct op *o)
{
	size_t n = strcspn(word, ":");

	for (unsigned i = 0; i < model_nops; i++) {
		if (strlen(model_ops[i].name) != n ||
		    memcmp(model_ops[i].name, word, n) != 0)
			continue;
		*o = (struct op){ .code = (unsigned char)i };
		char *end = NULL;
		if (word[n] == ':')
			o->a = (unsigned)strtoul(word + n + 1, &end, 10);
		if (end && *end == ':')
			o->b = (unsigned)strtoul(end + 1, &end, 10);
		return true;
	}
	return false;
}

bool
program_read(struct program *p, char *text)
{
	unsigned head[5] = { 0 }, n = 0;
	char *save = NULL;

	*p = (struct program){ 0 };
	for (char *w = strtok_r(text, " \n", &save); w;
	     w = strtok_r(NULL, " \n", &save)) {
		if (n < 5)
			head[n++] = (unsigned)strtoul(w, NULL, 10);
		else if (p->n == MODEL_OPS || !read_op(w, &p->op[p->n++]))
			return false;
	}
	p->scene = &model_scenes[head[0] % model_nscenes];
	p->from_start = head[1];
	p->plain = head[2];
	p->up = head[3];
	p->batch = head[4] ? head[4] : 500;
	return n == 5;
}

bool
play(const struct program *p, struct buf *why)
{
	model_now_ms = 1000000;
	model_random_seed(p->seed);
	judge_begin(p->from_start);
	world_begin(p->scene, p->plain);
	played_begin(p);
	if (p->up)
		played_start();
	for (unsigned i = 0; i < p->n; i++) {
		const struct op *o = &p->op[i];
		model_now_ms += o->b % 3;
		world_age();
		model_ops[o->code].run(o->a, o->b);
		model_totals.ops++;
	}
	trace("at rest");
	played_backend(false);
	played_room(false);
	played_start();
	played_pause(MODEL_REST_MS);
	played_stop();
	bool well = judge_end(why);
	played_end();
	world_end();
	model_totals.programs++;
	return well;
}

/* --- delta debugging ------------------------------------------------------------- */

static bool
without(
    struct program *p, unsigned at, unsigned n, bool (*fails)(const struct program *p))
{
	struct program less = *p;

	less.n = p->n - n;
	memmove(&less.op[at], &p->op[at + n], (p->n - at - n) * sizeof p->op[0]);
	if (!fails(&less))
		return false;
	*p = less;
	return true;
}

/* Smaller numbers: fewer records, shorter pauses. */
static void
simplify(struct program *p, bool (*fails)(const struct program *p))
{
	for (unsigned i = 0; i < p->n; i++) {
		for (int k = 0; k < 2; k++) {
			unsigned *v = k ? &p->op[i].b : &p->op[i].a, was = *v;
			static const unsigned less[] = { 0, 1, 2, 3 };
			unsigned t = 0;
			while (t < 4 && (was <= less[t] || (*v = less[t], !fails(p))))
				t++;
			if (t == 4)
				*v = was;
		}
	}
}

void
program_shrink(struct program *p, bool (*fails)(const struct program *p))
{
	bool again = true;

	while (again) {
		again = false;
		for (unsigned n = p->n / 2 + 1; n > 0; n /= 2) {
			for (unsigned at = 0; at + n <= p->n;) {
				if (without(p, at, n, fails))
					again = true;
				else
					at += n;
			}
		}
	}
	simplify(p, fails);
	for (unsigned at = 0; at < p->n;)
		at += !without(p, at, 1, fails);
}
