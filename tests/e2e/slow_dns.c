/*
 * slow_dns.c - preloaded by 23-name-server.sh: a name server that does not answer.
 * Names that end in dead.example take 12 s and fail then; all others are asked as ever.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

typedef int ask(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);

int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
    struct addrinfo **out)
{
	static const char dead[] = "dead.example";
	struct timespec nap = { .tv_sec = 12 };
	size_t n = name ? strlen(name) : 0, m = sizeof dead - 1;

	if (n >= m && !strcmp(name + n - m, dead)) {
		while (nanosleep(&nap, &nap) < 0)
			;
		return EAI_AGAIN;
	}
	ask *real;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, out);
}
