# make          build/bouncefeed
# make demo     see it work: installs what is missing, builds, ten seconds of traffic
# make check    units, golden transcripts, schema
# make e2e      scenarios: the real binary against a scripted backend (ONLY="10-same-ids ...")
# make tailer   rotations: real logrotate, rsyslog, file systems (needs root)
# make asan     the same tests under ASan and UBSan (ONLY=... of the scenarios)
# make power    the disk after a power cut, calls that fail
# make model    random programs of writers and rotations against the tailer
# make mta      a real Postfix against a scripted SMTP peer (needs root)
# make bench    lines/s, events/s, CPU, memory, latency (BENCHFLAGS=--quick), wc, grep, syslog-ng beside it
# make fuzz     each reader of outside bytes, FUZZ_TIME seconds each (60)
# make lint     layers, format, static checks
# make golden   write the golden transcripts anew (then read the diff)
# make format   clang-format over the sources
# make install  DESTDIR= PREFIX=/usr

VERSION := 0.1.0
PREFIX  ?= /usr
DESTDIR ?=
BUILD   ?= build
CC      ?= cc

CFLAGS  ?= -O2 -g
CSTD    := -std=c17 -D_GNU_SOURCE -DBOUNCEFEED_VERSION='"$(VERSION)"' -Isrc
WARN    := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wno-missing-field-initializers
HARDEN  := -fstack-protector-strong -fPIE
SAN     :=
LIBS    := -lcurl -ljansson -lyaml -lsqlite3 -lzstd -lz -lcrypto -lmicrohttpd -lsystemd \
           -lidn2 -lpcre2-8 -lm -lpthread
ALL_CFLAGS = $(CSTD) $(WARN) $(HARDEN) $(CFLAGS) $(SAN) -MMD -MP

SRC     := $(sort $(wildcard src/*/*.c))
LIBOBJ  := $(patsubst %.c,$(BUILD)/%.o,$(filter-out src/app/main.c,$(SRC)))
UNIT    := $(sort $(wildcard tests/unit/*.c))
UNITOBJ := $(patsubst %.c,$(BUILD)/%.o,$(UNIT))
LIB     := $(BUILD)/libbouncefeed.a
CFILES  := $(sort $(wildcard src/*/*.[ch] tests/*/*.[ch]))

.PHONY: all power model deps check unit schema asan e2e tailer mta bench fuzz fuzz-build fuzz-replay lint format golden golden-check install demo clean
.DELETE_ON_ERROR:

all: $(BUILD)/bouncefeed

deps:
	@script/deps

$(BUILD)/bouncefeed: $(BUILD)/src/app/main.o $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

$(LIB): $(LIBOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/unit: $(UNITOBJ) $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lcsv \
	    $$(pkg-config --libs check)

$(BUILD)/transcript: $(BUILD)/tests/golden/transcript.o $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

# all processors for what is compiled; the tests run one after the other
EACH    := --no-print-directory -j$(shell nproc)
TESTBIN := $(patsubst %,$(BUILD)/%,unit transcript fuzz-replay)

# A sub-make where the tools may have to be installed first: its rules run after that.
check: deps
	@$(MAKE) $(EACH) BUILD=$(BUILD) all $(TESTBIN)
	@$(MAKE) --no-print-directory BUILD=$(BUILD) unit golden-check schema fuzz-replay

unit: $(BUILD)/unit
	$(BUILD)/unit

golden-check: $(BUILD)/transcript
	tests/golden/run $(BUILD)/transcript

golden: $(BUILD)/transcript
	tests/golden/run --write $(BUILD)/transcript

schema: $(BUILD)/bouncefeed
	tests/golden/schema $(BUILD)/bouncefeed

e2e: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all
	tests/e2e/run $(BUILD)/bouncefeed $(ONLY)

tailer: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all
	E2E_JOBS=$${E2E_JOBS:-6} tests/e2e/run -d tests/tailer $(BUILD)/bouncefeed

mta: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all
	tests/mta/run $(BUILD)/bouncefeed

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ASAN := BUILD=$(BUILD)/asan CFLAGS='-O1 -g' SAN='$(SANITIZE)'
asan: deps
	@$(MAKE) $(EACH) $(ASAN) all $(TESTBIN:$(BUILD)/%=$(BUILD)/asan/%) $(BUILD)/asan/model/model
	@# side by side: the leak check of each forked test takes its time
	grep -ho 'suite_create("[^"]*' tests/unit/*.c | cut -d'"' -f2 | sort -u | \
	    xargs -P "$$(nproc)" -I '{}' env CK_RUN_SUITE='{}' $(BUILD)/asan/unit
	@$(MAKE) --no-print-directory $(ASAN) golden-check schema fuzz-replay
	$(BUILD)/asan/model/model --programs 100 --seed 3 --gz
	STOPS=8 OUTAGES=6 TORTURE_KILLS=8 KILLS=5 ROWS=8000 SECONDS_OF_WRITING=6 \
	    SEEDS='1 2 3' tests/e2e/run $(BUILD)/asan/bouncefeed $(ONLY)

BENCHBIN := $(patsubst %,$(BUILD)/bench/%,gen discard stages count_alloc.so)
BENCHOBJ := $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/bench/*.c))

bench: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all $(BENCHBIN)
	tests/bench/run $(BUILD) $(BENCHFLAGS)

$(BUILD)/bench/gen: $(patsubst %,$(BUILD)/tests/bench/%.o,gen gen_pmta gen_mail gen_sendmail)
$(BUILD)/bench/discard: $(BUILD)/tests/bench/discard.o
$(BUILD)/bench/stages: $(BUILD)/tests/bench/stages.o $(LIB)
$(filter-out %.so,$(BENCHBIN)):
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

$(BUILD)/bench/count_alloc.so: tests/bench/count_alloc.c tests/bench/count_alloc.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CSTD) $(WARN) -O2 -fPIC -shared -o $@ $<

# --- fuzz: objects of src with sanitizers, libFuzzer's counters and llvm-cov's
FUZZ       ?= build/fuzz
FUZZ_TIME  ?= 60
FUZZ_CC    ?= clang
FUZZ_FLAGS := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
              -fno-omit-frame-pointer -fprofile-instr-generate -fcoverage-mapping
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# what both the fuzzer and the replay are made of
FUZZ_PARTS := $(filter-out tests/fuzz/entry.c tests/fuzz/replay.c tests/fuzz/planted.c, \
              $(sort $(wildcard tests/fuzz/*.c)))
FUZZ_OBJ   := $(patsubst %.c,$(FUZZ)/%.o,$(FUZZ_PARTS) tests/fuzz/entry.c)
FUZZ_LIBOBJ := $(patsubst $(BUILD)/%,$(FUZZ)/%,$(LIBOBJ))
REPLAY_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(FUZZ_PARTS) tests/fuzz/replay.c)

fuzz:
	@script/deps fuzz
	@$(MAKE) $(EACH) fuzz-build
	tests/fuzz/run $(FUZZ) $(FUZZ_TIME)
	tests/fuzz/test-planted $(FUZZ)/planted

fuzz-build: $(FUZZ)/fuzz $(FUZZ)/planted/fuzz

$(FUZZ)/libbouncefeed.a: $(FUZZ_LIBOBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(FUZZ)/fuzz: $(FUZZ_OBJ) $(FUZZ)/libbouncefeed.a
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS) -lcsv
	@for t in $(FUZZ_TARGETS); do ln -sf fuzz $(FUZZ)/fuzz_$$t; done

# planted.o has all that csv.o has, so the linker does not take that one
$(FUZZ)/planted/fuzz: $(FUZZ_OBJ) $(FUZZ)/tests/fuzz/planted.o $(FUZZ)/libbouncefeed.a
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS) -lcsv
	@ln -sf fuzz $(@D)/fuzz_csv

$(FUZZ)/tests/fuzz/planted.o: FUZZ_FLAGS += -DPLANT_BUG

$(FUZZ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CSTD) $(WARN) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/fuzz-replay: $(REPLAY_OBJ) $(LIB)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS) -lcsv

fuzz-replay: $(BUILD)/fuzz-replay
	tests/fuzz/replay $(BUILD)/fuzz-replay

# --- power: the disk after a power cut, calls that fail. run-off and run-normal are linked
# with a store that syncs too little: tests/power/run demands that they find it
POWER_BIN    := $(patsubst %,$(BUILD)/power/%,run run-off run-normal fault)
POWER_OBJ    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/power/*.c))
POWER_MAIN   := $(patsubst %,$(BUILD)/tests/power/%.o,run fault faulty parked)
POWER_PARTS  := $(filter-out $(POWER_MAIN),$(POWER_OBJ))
POWER_OFF    := $(patsubst src/store/%.c,$(BUILD)/power/off/%.o,$(wildcard src/store/*.c))
POWER_NORMAL := $(patsubst $(BUILD)/power/off/%,$(BUILD)/power/normal/%,$(POWER_OFF))

power: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) $(POWER_BIN)
	tests/power/run $(BUILD)/power

$(POWER_OFF:.o=.c): $(BUILD)/power/off/%.c: src/store/%.c Makefile
	@mkdir -p $(@D)
	sed 's/synchronous = \(FULL\|NORMAL\)/synchronous = OFF/g' $< >$@

$(POWER_NORMAL:.o=.c): $(BUILD)/power/normal/%.c: src/store/%.c Makefile
	@mkdir -p $(@D)
	sed 's/synchronous = FULL/synchronous = NORMAL/g' $< >$@

$(POWER_OFF) $(POWER_NORMAL): %.o: %.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# objects stand before the library: what they have is not taken from it
$(BUILD)/power/run: $(BUILD)/tests/power/run.o $(POWER_PARTS) $(LIB)
$(BUILD)/power/run-off: $(BUILD)/tests/power/run.o $(POWER_PARTS) $(POWER_OFF) $(LIB)
$(BUILD)/power/run-normal: $(BUILD)/tests/power/run.o $(POWER_PARTS) $(POWER_NORMAL) $(LIB)
$(BUILD)/power/fault: $(filter-out %/run.o,$(POWER_MAIN)) $(POWER_PARTS) $(LIB)
$(POWER_BIN):
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

-include $(POWER_OBJ:.o=.d) $(POWER_OFF:.o=.d) $(POWER_NORMAL:.o=.d)

# --- model: random programs of writers and rotations against the tailer. A seed always
# makes the same programs: MODEL_ARGS="--programs 20000 --seed 7".
MODEL_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/model/*.c))
MODEL_ARGS ?=

model: deps
	@$(MAKE) --no-print-directory BUILD=$(BUILD) $(BUILD)/model/model
	$(BUILD)/model/model --programs 1000 --seed 1 $(MODEL_ARGS)
	$(BUILD)/model/model --programs 300 --seed 2 --gz $(MODEL_ARGS)

$(BUILD)/model/model: $(MODEL_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(LIBS)

-include $(MODEL_OBJ:.o=.d)

lint: deps
	tests/lint/run

format:
	clang-format -i $(CFILES)

demo:
	@script/deps build
	@$(MAKE) --no-print-directory BUILD=$(BUILD) all
	@script/demo $(BUILD)/bouncefeed

install: all
	install -D -m 0755 $(BUILD)/bouncefeed $(DESTDIR)$(PREFIX)/bin/bouncefeed
	install -D -m 0640 config/bouncefeed.yaml \
	    $(DESTDIR)$(PREFIX)/share/doc/bouncefeed/examples/bouncefeed.yaml
	install -D -m 0644 docs/event.schema.json \
	    $(DESTDIR)$(PREFIX)/share/doc/bouncefeed/event.schema.json
	install -D -m 0644 docs/bouncefeed.1 $(DESTDIR)$(PREFIX)/share/man/man1/bouncefeed.1
	install -D -m 0644 docs/bouncefeed.yaml.5 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/bouncefeed.yaml.5
	install -D -m 0644 README.md $(DESTDIR)$(PREFIX)/share/doc/bouncefeed/README.md

clean:
	rm -rf $(BUILD)

-include $(FUZZ_OBJ:.o=.d) $(FUZZ_LIBOBJ:.o=.d) $(FUZZ)/tests/fuzz/planted.d \
    $(REPLAY_OBJ:.o=.d)
-include $(BENCHOBJ:.o=.d) $(LIBOBJ:.o=.d) $(UNITOBJ:.o=.d) $(BUILD)/src/app/main.d \
    $(BUILD)/tests/golden/transcript.d
