# SPDX-License-Identifier: Apache-2.0
#
# Builds, checks and installs ocigate. `make help` lists the targets.
#
# One file, no configure step. A variant (asan, valgrind, coverage, fuzz, clang)
# is a directory: `make BUILD=build/asan`. The only calls of make by make are
# those that enter another variant and the ones by which `check` runs its tiers
# one after the other, whatever became of the one before.
#
# Yours to set: CC CFLAGS CPPFLAGS LDFLAGS (they come last), PREFIX DESTDIR UNITDIR,
# WERROR=1, V=1, STATIC=0.

VERSION := 0.1.0

BUILD   ?= build/default
VARIANT := $(notdir $(BUILD))
CC_fuzz := clang
CC_clang := clang
ifeq ($(origin CC),default)
CC := $(or $(CC_$(VARIANT)),gcc)
endif
opt_asan := -O1
opt_valgrind := -O1
opt_coverage := -O0
opt_fuzz := -O1
CFLAGS ?= $(or $(opt_$(VARIANT)),-O2) -g

# The paths that the product names are /usr/sbin and /usr/libexec/ocigate.
DESTDIR ?=
PREFIX  ?= /usr
SBINDIR    := $(PREFIX)/sbin
LIBEXECDIR := $(PREFIX)/libexec/ocigate
DATADIR    := $(PREFIX)/share/ocigate
DOCDIR     := $(PREFIX)/share/doc/ocigate
MANDIR     := $(PREFIX)/share/man
COMPDIR    := $(PREFIX)/share/bash-completion/completions
ZSHDIR     := $(PREFIX)/share/zsh/vendor-completions
UNITDIR    := $(PREFIX)/lib/systemd/system

COVERAGE_MIN ?= 95
FUZZ_SECONDS ?= 60
FUZZ_JOBS    ?= 1

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
ROOT := $(filter 0,$(shell id -u))
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' $(1) $(2))
# Tiers run as jobs of the machine's size unless make was given -j.
JOBS = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# ---- sources: by wildcard ---------------------------------------------------

POLICY_SRC := $(wildcard policy/*.c policy/rules/*.c)
PRESETS    := $(wildcard policy/presets/*.json)
EMBED_SRC  := policy/presets/embed.c
UNITS      := $(notdir $(wildcard shim/packaging/systemd/*))
SHIM_SRC   := $(wildcard shim/*.c)
CTL_SRC    := $(wildcard shim/ctl/*.c)
GUARD_SRC  := $(wildcard shim/guard/*.c)
UNIT_SRC   := $(wildcard tests/unit/*.c)
FAULT_SRC  := $(wildcard tests/fault/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC  := $(wildcard tests/bench/*.c)
E2E        := $(sort $(wildcard tests/e2e/*.sh))
HEADERS    := $(wildcard include/ocigate/*.h policy/*.h shim/*.h shim/ctl/*.h shim/guard/*.h tests/*/*.h)
SRC        := $(POLICY_SRC) $(EMBED_SRC) $(SHIM_SRC) $(CTL_SRC) $(GUARD_SRC)
ALL_C      := $(SRC) $(HEADERS) $(wildcard tests/*/*.c)
FIXTURES   := $(patsubst %/,%,$(wildcard tests/fixtures/*/*/))
CASES      := $(FIXTURES) $(patsubst %/,%,$(wildcard tests/doc/*/*/))

PROGRAMS := $(if $(filter shim/main.c,$(SHIM_SRC)),$(BUILD)/ocigate) \
	$(if $(CTL_SRC),$(BUILD)/ocigatectl) $(if $(GUARD_SRC),$(BUILD)/ocigate-ports)
LIBPOLICY := $(BUILD)/libpolicy.a
LIBSHIM   := $(BUILD)/libshim.a

# ---- what this compiler and these libraries can do: asked once --------------

HARDEN_CFLAGS := -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
	-ftrivial-auto-var-init=zero -fvisibility=hidden
HARDEN_LDFLAGS := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed
# Where functions lie, for linkers that understand it; shim/launch.ld is written by "make layout".
LAYOUT := shim/launch.ld
# module:package
LIBRARIES := yajl:libyajl-dev libseccomp:libseccomp-dev libcap-ng:libcap-ng-dev jansson:libjansson-dev libmd:libmd-dev

NO_BUILD := help deps newer clean format check-format uninstall dist deb
GOALS    := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out $(NO_BUILD),$(GOALS)),)
include $(BUILD)/probe.mk
endif

# As root, `check` and `demo` install what is missing before anything is asked of it.
DEPS_FIRST := $(if $(ROOT),$(if $(filter check check-long,$(GOALS)),deps newer)$(if $(filter demo,$(GOALS)),deps))

# $(call stamp,NAME,VARIABLE): a file that is written only when the variable's
# text has changed, so that what depends on it is made again then.
define stamp
ifneq ($$(file <$(BUILD)/.$(1)),$(2)=$$(strip $$($(2))))
$$(shell mkdir -p $(BUILD))
$$(file >$(BUILD)/.$(1),$(2)=$$(strip $$($(2))))
endif
$(BUILD)/.$(1): ;
endef

ifneq ($(filter-out $(NO_BUILD),$(GOALS)),)
$(eval $(call stamp,cc,CC))
$(eval $(call stamp,ldflags,LDFLAGS))
endif

$(BUILD)/probe.mk: Makefile $(BUILD)/.cc $(BUILD)/.ldflags | $(DEPS_FIRST)
	@mkdir -p $(@D)
	@command -v $(firstword $(CC)) >/dev/null || \
		{ echo "no compiler $(firstword $(CC)): install build-essential (or run 'make deps' as root)" >&2; exit 1; }
	@command -v pkg-config >/dev/null || { echo "no pkg-config: install pkg-config" >&2; exit 1; }
	@for l in $(LIBRARIES); do pkg-config --exists "$${l%:*}" || \
		{ echo "library $${l%:*} not found: install $${l#*:} (or run 'make deps' as root)" >&2; exit 1; }; done
	@exec >$@.tmp; main='int main(void) { return 0; }'; libs="$(foreach l,$(LIBRARIES),$(firstword $(subst :, ,$l)))"; \
	accepts() { $(CC) -Werror "$$@" -x c -o $@.out - <<<"$$main" 2>/dev/null; }; \
	for f in $(HARDEN_CFLAGS); do if accepts -c $$f; then echo "HAVE_CFLAGS += $$f"; fi; done; \
	for f in $(HARDEN_LDFLAGS); do if accepts $$f; then echo "HAVE_LDFLAGS += $$f"; fi; done; \
	echo "PKG_CFLAGS := $$(pkg-config --cflags $$libs)"; \
	dyn=$$(pkg-config --libs $$libs); sta=$${dyn/-lyajl/-lyajl_s}; \
	echo "LIBS_DYNAMIC := $$dyn"; echo "LIBS_STATIC := $$sta"; \
	if accepts -static -Wl,-T,$(LAYOUT) $(LDFLAGS); then echo "LINK_LAYOUT := -Wl,-T,$(LAYOUT)"; fi; \
	for f in -static-pie -static; do \
		if $(CC) -fPIE $$f -x c -o $@.out - -x none $$sta $(LDFLAGS) <<<"$$main" 2>/dev/null; then echo "LINK_STATIC := $$f"; break; fi; \
	done; \
	rm -f $@.out; echo "PROBED := yes"
	@mv $@.tmp $@

# ---- flags ------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wformat=2 -Wvla
OG_CPPFLAGS := -Iinclude -I. $(PKG_CFLAGS) -D_GNU_SOURCE -DOG_VERSION='"$(VERSION)"' \
	-DOG_LIBEXECDIR='"$(LIBEXECDIR)"' -DOG_SBINDIR='"$(SBINDIR)"' \
	-DOG_UNITDIR='"$(UNITDIR)"'
# The directory of the build is no part of what is built.
PREFIX_MAP := -ffile-prefix-map=$(CURDIR)=.
OG_CFLAGS := -std=gnu11 $(WARNINGS) $(if $(WERROR),-Werror)
OG_LDFLAGS :=

# ASan cannot be linked statically and valgrind sees no allocation in a static
# program: these variants are dynamic, and not hardened.
flags_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_valgrind := -fno-omit-frame-pointer
flags_coverage := --coverage -fno-inline
flags_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ifneq ($(flags_$(VARIANT)),)
OG_CFLAGS += $(flags_$(VARIANT))
OG_LDFLAGS += $(flags_$(VARIANT))
STATIC := 0
else
OG_CFLAGS += $(HAVE_CFLAGS) $(PREFIX_MAP) -ffunction-sections
OG_LDFLAGS += $(HAVE_LDFLAGS)
# Level 3 unless the packager chose one; it is an error of glibc's without -O.
ifeq ($(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))$(filter -O0,$(CFLAGS)),)
OG_CPPFLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
endif
endif
STATIC ?= 1

# Static: it starts faster and needs nothing of the host. The tools are static PIE.
# The runtime is not: to relocate itself cost it a tenth of what a launch takes
# (15 pages copied, 4000 relocations), for addresses that a process has for a
# millisecond, before it becomes another program.
ifeq ($(STATIC)$(if $(LINK_STATIC),,missing),1)
LINK_PROGRAM := $(LINK_STATIC)
LINK_RUNTIME := -static $(LINK_LAYOUT)
LIBS := $(LIBS_STATIC)
else
LINK_PROGRAM := $(if $(flags_$(VARIANT)),,-pie)
LINK_RUNTIME := $(LINK_PROGRAM)
LIBS := $(LIBS_DYNAMIC)
endif
LINK_TEST := $(if $(flags_$(VARIANT)),,-pie)

# What is linked into static programs, for those who must know.
SBOM := $(if $(filter 1,$(STATIC)),$(BUILD)/ocigate.spdx.json)

COMPILE = $(CC) $(OG_CPPFLAGS) $(OG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
LINK = $(CC) $(OG_CFLAGS) $(CFLAGS) $(OG_LDFLAGS)
FLAGS_TEXT = $(COMPILE) : $(LINK) $(LINK_RUNTIME) $(LINK_PROGRAM) $(LIBS) $(LDFLAGS)
LIST_TEXT = $(SRC) $(UNIT_SRC) $(FAULT_SRC) $(FUZZ_SRC)
ifdef PROBED
$(eval $(call stamp,flags,FLAGS_TEXT))
$(eval $(call stamp,list,LIST_TEXT))
$(eval $(call stamp,cases,CASES))
$(eval $(call stamp,presets,PRESETS))
endif

# ---- objects, libraries, programs -------------------------------------------

OBJ := $(BUILD)/obj
objs = $(patsubst %.c,$(OBJ)/%.o,$(1))

.PHONY: all
all: $(PROGRAMS) $(LIBPOLICY) $(SBOM) $(UNITS:%=$(BUILD)/systemd/%) ## build the programs, hardened

# systemd's units name the program where it is installed.
$(BUILD)/systemd/%: shim/packaging/systemd/% $(BUILD)/.flags
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@sed 's,/usr/sbin/,$(SBINDIR)/,' $< >$@

$(OBJ)/%.o: %.c $(BUILD)/.flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/.flags
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The built-in policies as tables, by a program made of the library that they are
# then put into. What it runs does not count as covered by tests.
$(BUILD)/embed: $(call objs,$(EMBED_SRC) $(POLICY_SRC)) $(BUILD)/.list
	$(call say,LD,$@)
	$(Q)$(LINK) $(LINK_TEST) -o $@ $(filter %.o,$^) $(LIBS_DYNAMIC) $(LDFLAGS)

$(BUILD)/gen/presets.c: $(BUILD)/embed $(PRESETS) $(BUILD)/.presets
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@GCOV_PREFIX=$(abspath $(BUILD))/gen/gcov $< $(foreach f,$(PRESETS),$(basename $(notdir $f))=$f) >$@

$(LIBPOLICY): $(call objs,$(POLICY_SRC)) $(BUILD)/gen/presets.o $(BUILD)/.list
$(LIBSHIM): $(call objs,$(filter-out shim/main.c,$(SHIM_SRC))) $(BUILD)/.list
$(LIBPOLICY) $(LIBSHIM):
	$(call say,AR,$@)
	@rm -f $@
	$(Q)ar rcsD $@ $(filter %.o,$^)

$(BUILD)/ocigate: LINK_PROGRAM := $(LINK_RUNTIME)
$(BUILD)/ocigate: $(OBJ)/shim/main.o $(LAYOUT)
$(BUILD)/ocigatectl: $(call objs,$(CTL_SRC))
$(BUILD)/ocigate-ports: $(call objs,$(GUARD_SRC))
$(BUILD)/ocigate $(BUILD)/ocigatectl $(BUILD)/ocigate-ports: $(LIBSHIM) $(LIBPOLICY) $(BUILD)/.list
	$(call say,LD,$@)
	$(Q)$(LINK) $(LINK_PROGRAM) -Wl,-Map=$@.map -o $@ $(filter %.o,$^) $(LIBSHIM) $(LIBPOLICY) $(LIBS) $(LDFLAGS)

$(BUILD)/ocigate.spdx.json: shim/packaging/sbom.py $(PROGRAMS)
	$(call say,SBOM,$@)
	$(Q)python3 $< $(VERSION) $(PROGRAMS) >$@

# ---- test programs ----------------------------------------------------------

# One test per directory, so that a new case is a new directory and nothing else.
$(BUILD)/gen/fixtures.c: tests/lib/cases.awk $(BUILD)/.cases
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	@printf '%s\n' $(CASES) | awk -f tests/lib/cases.awk >$@

UNIT_OBJ := $(call objs,$(UNIT_SRC)) $(if $(CASES),$(BUILD)/gen/fixtures.o)
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SRC))
BENCH_BIN := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SRC))

$(BUILD)/test-unit: $(UNIT_OBJ) $(OBJ)/shim/ctl/types.o $(OBJ)/shim/ctl/auditlog.o
$(BUILD)/test-fault: $(call objs,$(FAULT_SRC))
$(BUILD)/test-fault: private LINK_TEST += $(addprefix -Wl$(,)--wrap=,og_chunk_alloc og_chunk_get)
$(BUILD)/test-unit $(BUILD)/test-fault: $(LIBSHIM) $(LIBPOLICY) $(BUILD)/.list
	$(call say,LD,$@)
	$(Q)$(LINK) $(LINK_TEST) -o $@ $(filter %.o,$^) $(LIBSHIM) $(LIBPOLICY) $(LIBS_DYNAMIC) -lcriterion $(LDFLAGS)

# The programs themselves, with an allocator that fails on demand.
ALLOC_BIN := $(BUILD)/alloc/ocigate $(BUILD)/alloc/ocigatectl
$(BUILD)/alloc/ocigate: $(OBJ)/shim/main.o
$(BUILD)/alloc/ocigatectl: $(call objs,$(CTL_SRC))
$(ALLOC_BIN): $(OBJ)/tests/fault/alloc.o $(OBJ)/tests/lib/armed.o $(LIBSHIM) $(LIBPOLICY) $(BUILD)/.list
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(LINK_TEST) -o $@ $(filter %.o,$^) $(LIBSHIM) $(LIBPOLICY) $(LIBS_DYNAMIC) $(LDFLAGS)

# In the variant "fuzz" libFuzzer drives a target, elsewhere tests/fuzz/main.c
# replays the files it is given.
FUZZ_MAIN := $(if $(filter fuzz,$(VARIANT)),,$(OBJ)/tests/fuzz/main.o)
$(BUILD)/fuzz/fuzz_auditlog: $(call objs,$(filter-out shim/ctl/main.c,$(CTL_SRC)))
$(FUZZ_BIN): $(BUILD)/fuzz/%: $(OBJ)/tests/fuzz/%.o $(FUZZ_MAIN) $(LIBSHIM) $(LIBPOLICY)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(LINK_TEST) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer) -o $@ $(filter %.o,$^) \
		$(LIBSHIM) $(LIBPOLICY) $(LIBS_DYNAMIC) $(LDFLAGS)

$(BENCH_BIN): $(BUILD)/bench/%: $(OBJ)/tests/bench/%.o $(LIBSHIM) $(LIBPOLICY)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) $(LINK_TEST) -o $@ $< $(LIBSHIM) $(LIBPOLICY) $(LIBS_DYNAMIC) $(LDFLAGS)

$(BUILD)/traced: $(OBJ)/tests/lib/traced.o $(LIBPOLICY)
	$(call say,LD,$@)
	$(Q)$(LINK) $(LINK_TEST) -o $@ $< $(LIBPOLICY) $(LIBS_DYNAMIC) $(LDFLAGS)

TESTS := $(if $(UNIT_SRC),$(BUILD)/test-unit) $(if $(FAULT_SRC),$(BUILD)/test-fault) $(FUZZ_BIN)

.PHONY: tests
tests: $(TESTS) ## build the test programs

-include $(patsubst %.o,%.d,$(call objs,$(SRC) $(wildcard tests/*/*.c)) $(BUILD)/gen/presets.o $(BUILD)/gen/fixtures.o)

# ---- checks -----------------------------------------------------------------
# Each target below that is a tier of `check` ends with "N passed, N failed".

.PHONY: check check-long check-build check-clang check-unit check-spec check-mutation check-fault check-fuzz check-demo check-instructions check-e2e check-asan \
	check-valgrind check-purity check-hardening check-format analyze fuzz coverage bench layout metrics demo

# What is not in the tree cannot be a tier; `metrics` says what a tree must have.
TIERS := check-build check-clang check-format metrics check-purity check-hardening check-unit check-spec \
	$(if $(FAULT_SRC),check-fault) $(if $(FUZZ_SRC),check-fuzz) check-asan $(if $(FUZZ_SRC),check-valgrind) coverage analyze
ROOT_TIERS := check-demo check-instructions $(if $(E2E),check-e2e)

run_all = tests/lib/run_all.sh $(BUILD)/log

# Yours: TIERS="check-unit analyze" runs only those.
check: $(DEPS_FIRST) ## everything that can run here: without root the tiers that need none
	$(if $(ROOT),,@echo "not root: without the tiers $(ROOT_TIERS)")
	+@$(run_all) $(foreach t,$(TIERS) $(if $(ROOT),$(ROOT_TIERS)),$t="$(MAKE) --no-print-directory $(JOBS) $t")

check-build: all tests ## build everything; a second make has nothing to do
	+@$(MAKE) -q all tests && echo "1 passed, 0 failed" || { echo "the second make is no no-op:"; \
		$(MAKE) -dn all tests | grep -E "is newer than|does not exist|Must remake" | grep -v "\.d'" | head -n 20; echo "0 passed, 1 failed"; exit 1; }

check-clang: ## build everything with clang, without a warning
	+@$(MAKE) --no-print-directory BUILD=build/clang WERROR=1 all tests && echo "1 passed, 0 failed"

check-unit: $(BUILD)/test-unit ## unit tests and fixtures; needs no root
	@$< --timeout 60 $(UNIT_ARGS)

check-spec: all ## is what is launched valid by the runtime specification?
	@python3 tests/lib/spec_valid.py $(BUILD)

# No tier of check, which has no time for it. check-long does it in full, with
# MUTATION_KINDS=early,table,owner,invert MUTATION_EVERY=1.
check-mutation: MUTATION_KINDS ?= early,owner
check-mutation: MUTATION_EVERY ?= 4
check-mutation: ## break each rule in turn: does a test fail each time?
	@python3 tests/mutation/mutate.py --kinds $(MUTATION_KINDS) --every $(MUTATION_EVERY)

FAULT_SH := $(filter-out $(if $(ROOT),,%/started.sh %/docker.sh),$(wildcard tests/fault/*.sh))

# The scripts trace the program itself, which a sanitizer would not survive; the
# failing writes of fault_files would hit the files of gcov.
check-fault: $(BUILD)/test-fault $(if $(flags_$(VARIANT)),,$(ALLOC_BIN) all) ## n-th malloc, n-th system call, short reads
	+@BUILD=$(abspath $(BUILD)) RUN_JOBS=2 $(run_all)/fault program='$< $(if $(filter coverage,$(VARIANT)),--filter fault_memory/*)' \
		$(if $(flags_$(VARIANT)),,$(foreach s,$(FAULT_SH),$(notdir $s)=$s))

REPLAY = $(wildcard tests/fixtures tests/doc)
# A corpus directory is named like its target: tests/fuzz/corpus/doc for fuzz_doc.
check-fuzz: $(FUZZ_BIN) ## replay the fuzzing corpus and every fixture
	@p=0; f=0; for t in $(FUZZ_BIN); do c=tests/fuzz/corpus/$${t##*/fuzz_}; [ -d $$c ] || c=; \
		if $(WRAP) $$t $$c $(REPLAY); then p=$$((p + 1)); else f=$$((f + 1)); echo "$$t failed"; fi; done; \
	echo "$$p passed, $$f failed"; [ $$f -eq 0 ]

check-demo: all ## does the demo come out as it says? needs root
	@BUILD=$(abspath $(BUILD)) examples/demo.sh && echo "1 passed, 0 failed" || { echo "0 passed, 1 failed"; exit 1; }

# Two at a time: much of what a script does is to wait for an engine.
check-e2e: E2E_JOBS ?= 2
check-e2e: all ## end to end with real runtimes and engines; needs root
	$(if $(ROOT),,@echo "check-e2e needs root" >&2; exit 1)
	+@BUILD=$(abspath $(BUILD)) RUN_JOBS=$(E2E_JOBS) $(run_all)/e2e $(foreach s,$(E2E),$(basename $(notdir $s))=$s)

# What ASan, UBSan and valgrind say goes to files: Criterion takes no notice of
# how the worker of a test ends once the test itself is done.
begin_reports = rm -rf $(1); mkdir -p $(1)
end_reports = n=$$(find $(1) -type f -size +0 | wc -l); [ $$n -eq 0 ] || \
	{ find $(1) -type f -size +0 -exec cat {} +; echo "0 passed, $$n failed"; exit 1; }

check-asan: export ASAN_OPTIONS := log_path=$(CURDIR)/build/asan/reports/asan:detect_stack_use_after_return=1
check-asan: export UBSAN_OPTIONS := print_stacktrace=1
check-asan: ## unit tests, fixtures, faults and the corpus under ASan and UBSan
	@$(call begin_reports,build/asan/reports)
	+@rc=0; $(MAKE) --no-print-directory BUILD=build/asan check-unit $(if $(FUZZ_SRC),check-fuzz) \
		$(if $(FAULT_SRC),check-fault) || rc=1; $(call end_reports,build/asan/reports); exit $$rc

# Criterion starts a process for each test, 1.7 s each under valgrind: that is
# for check-long. Here one process evaluates every fixture, and the fuzzing
# targets replay their own corpus.
check-valgrind: ## every fixture and the corpus under valgrind; VALGRIND_UNIT=1: the unit tests too
	+@$(MAKE) --no-print-directory BUILD=build/valgrind run-valgrind

# Tests run sed and the like, whose leaks are not ours.
VALGRIND_FLAGS := -q --leak-check=full --trace-children=yes --trace-children-skip=/bin/*,/usr/bin/* --log-file=$(CURDIR)/build/valgrind/reports/%p \
	--suppressions=$(CURDIR)/tests/lib/valgrind.supp
VALGRIND := valgrind $(VALGRIND_FLAGS)
# That it does not know seccomp(2), by which a test asks the kernel, is told and no error of ours.
run-valgrind: $(BUILD)/traced $(FUZZ_BIN) $(if $(VALGRIND_UNIT),$(BUILD)/test-unit)
	@$(call begin_reports,$(BUILD)/reports)
	@rc=0; $(VALGRIND) $(BUILD)/traced $(FIXTURES) >/dev/null || rc=1; \
	$(MAKE) --no-print-directory check-fuzz WRAP='$(VALGRIND)' REPLAY= || rc=1; \
	$(if $(VALGRIND_UNIT),tests/lib/newer_valgrind.sh $(VALGRIND_FLAGS) $(BUILD)/test-unit --timeout 600 || rc=1;) \
	{ grep -rhoE 'WARNING: unhandled.*' $(BUILD)/reports || :; } | sort | uniq -c; find $(BUILD)/reports -type f ! -exec grep -q '^==' {} \; -delete; \
	$(call end_reports,$(BUILD)/reports); exit $$rc

check-purity: $(LIBPOLICY) $(if $(FIXTURES),$(BUILD)/traced) ## the policy library calls only what is allowed, and has no writable data
	@rc=0; python3 tests/lib/purity.py $(LIBPOLICY) || rc=1; \
	$(if $(FIXTURES),python3 tests/lib/traced.py $(BUILD)/traced $(FIXTURES) || rc=1;) exit $$rc

check-hardening: $(PROGRAMS) $(SBOM) ## read the hardening back from the programs, and what is linked in
	@python3 tests/lib/hardening.py $(if $(filter 1,$(STATIC)),--static --no-pie=$(BUILD)/ocigate) --flags='$(HAVE_CFLAGS)' $(OBJ) $(PROGRAMS)
	$(if $(SBOM),@python3 tests/lib/sbom_check.py $(SBOM) $(PROGRAMS) -- $(LIBRARIES))

check-format: ## is everything formatted as .clang-format says?
	@p=0; f=0; for c in $(ALL_C); do if clang-format --dry-run -Werror $$c; then p=$$((p + 1)); else f=$$((f + 1)); fi; done; \
	echo "$$p passed, $$f failed"; [ $$f -eq 0 ]

metrics: ## the bars that a program can measure
	@CC='$(CC)' python3 tests/lib/metrics.py

# ---- analysis ---------------------------------------------------------------
# One report per file and tool. A report is made again when the file or any
# header changed; what is left in one fails the target.

ANALYZE_CC := $(OG_CPPFLAGS) -std=gnu11
REPORTS := $(foreach t,gcc clang tidy cppcheck,$(patsubst %.c,$(BUILD)/analyze/%.$t,$(SRC)))
report = @mkdir -p $(@D); printf '  %-8s %s\n' $(1) $<; { $(2); } >$@ 2>&1 || echo "$(1): exit status $$?" >>$@

$(REPORTS): $(HEADERS) .clang-tidy
$(BUILD)/analyze/%.gcc: %.c
	$(call report,GCC,gcc $(ANALYZE_CC) -O1 -fanalyzer -c -o /dev/null $<)
$(BUILD)/analyze/%.clang: %.c
	$(call report,CLANG,clang $(ANALYZE_CC) --analyze --analyzer-output text $<)
$(BUILD)/analyze/%.tidy: %.c
	$(call report,TIDY,clang-tidy --quiet $< -- $(ANALYZE_CC) 2>/dev/null)
# cppcheck 2.10 stumbles over side effects in designated initialisers: off are
# its "AST broken" and "order of evaluation" there; two compilers say as much.
$(BUILD)/analyze/%.cppcheck: %.c
	$(call report,CPPCHECK,cppcheck --quiet --enable=warning$(,)performance$(,)portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=internalAstError --suppress=unknownEvaluationOrder \
		--std=c11 -Iinclude -I. -D_GNU_SOURCE $<)
, := ,

analyze: $(REPORTS) ## gcc -fanalyzer, clang --analyze, clang-tidy, cppcheck: no report
	@p=0; f=0; for r in $(REPORTS); do if [ -s $$r ]; then f=$$((f + 1)); cat $$r; else p=$$((p + 1)); fi; done; \
	echo "$$p passed, $$f failed"; [ $$f -eq 0 ]

# Branches that no test takes are listed with their reasons in tests/coverage.txt.
# The embedder of the presets is a program of the build, no part of the library.
coverage: ## branch coverage of policy/ by every test that needs no root, at least COVERAGE_MIN per cent
	@mkdir -p build/coverage && find build/coverage -name '*.gcda' -delete
	+@rc=0; $(MAKE) --no-print-directory BUILD=build/coverage check-unit $(if $(FUZZ_SRC),check-fuzz) \
		$(if $(FAULT_SRC),check-fault) || rc=1; \
	gcovr --root . --object-directory build/coverage --filter policy/ --exclude $(EMBED_SRC) --branches \
		--exclude-unreachable-branches --json build/coverage/branches.json build/coverage/obj/policy && \
	python3 tests/lib/coverage.py --min $(COVERAGE_MIN) build/coverage/branches.json || rc=1; exit $$rc

# ---- longer runs ------------------------------------------------------------

fuzz: ## fuzz every target for FUZZ_SECONDS, with clang
	+@$(MAKE) --no-print-directory BUILD=build/fuzz run-fuzz

# New inputs go to the build directory; what is worth keeping is copied by hand.
run-fuzz: $(FUZZ_BIN)
	@p=0; f=0; for t in $(FUZZ_BIN); do n=$${t##*/fuzz_}; mkdir -p $(BUILD)/corpus/$$n tests/fuzz/corpus/$$n; \
		echo "fuzz_$$n: $(FUZZ_SECONDS) s"; \
		if $$t -max_total_time=$(FUZZ_SECONDS) -jobs=0 -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 \
			-artifact_prefix=$(BUILD)/crash-$$n- $(BUILD)/corpus/$$n tests/fuzz/corpus/$$n 2>$(BUILD)/fuzz-$$n.log; \
		then p=$$((p + 1)); grep -E 'number_of_executed_units|^#.*DONE' $(BUILD)/fuzz-$$n.log; \
		else f=$$((f + 1)); tail -40 $(BUILD)/fuzz-$$n.log; fi; done; \
	echo "$$p passed, $$f failed"; [ $$f -eq 0 ]

check-instructions: all ## instructions that a launch takes, against those that are kept; needs root
	@BUILD=$(abspath $(BUILD)) tests/bench/run.sh instructions

layout: all ## write anew which functions lie together in ocigate, after many were added; needs root
	@BUILD=$(abspath $(BUILD)) tests/bench/run.sh layout && git --no-pager diff --stat -- $(LAYOUT)

bench: all $(BENCH_BIN) ## the benchmarks; figures in the README come from here
	@rc=0; export BUILD=$(abspath $(BUILD)); tests/bench/run.sh || rc=1; tests/bench/docker.sh || rc=1; exit $$rc

check-long: $(DEPS_FIRST) ## the long form: every end-to-end loop, fuzzing, benchmarks in full
	+@export OG_LONG=1 OG_TIMEOUT=7200 VALGRIND_UNIT=1 MUTATION_KINDS=early,table,owner,invert MUTATION_EVERY=1; $(run_all) $(foreach t,$(if $(ROOT),bench $(ROOT_TIERS)) $(if $(FUZZ_SRC),fuzz check-valgrind) \
		check-mutation $(if $(FAULT_SRC),check-fault),$t="$(MAKE) --no-print-directory $(JOBS) $t")

demo: $(DEPS_FIRST) all ## build, then judge and launch the example bundles with the real runc
	@BUILD=$(abspath $(BUILD)) examples/demo.sh

# ---- upkeep -----------------------------------------------------------------

.PHONY: run-valgrind run-fuzz format update-golden deps newer install uninstall dist deb clean help

format: ## format every C file
	clang-format -i $(ALL_C)

update-golden: $(BUILD)/test-unit ## write the fixtures' expected files anew; review them like code
	OG_UPDATE_GOLDEN=1 $< --filter '@(fixture_*|doc_*|readme)/*'
	git --no-pager diff --stat -- tests

# package:what-shows-that-it-is-there (a command, or a path); of LIBRARIES pkg-config tells
PACKAGES := gcc:gcc libc6-dev:/usr/include/stdio.h build-essential:g++ pkg-config:pkg-config \
	libcriterion-dev:/usr/include/criterion/criterion.h \
	runc:runc crun:crun docker.io:dockerd containerd:containerd busybox-static:/usr/share/doc/busybox-static \
	podman:podman uidmap:newuidmap netavark:/usr/lib/podman/netavark catatonit:catatonit slirp4netns:slirp4netns containernetworking-plugins:/usr/lib/cni/portmap python3-grpcio:/usr/lib/python3/dist-packages/grpc nftables:nft iptables:iptables iproute2:ip procps:ps util-linux:unshare \
	qemu-system-x86:qemu-system-x86_64 systemd:/lib/systemd/systemd dbus:dbus-daemon \
	hyperfine:hyperfine valgrind:valgrind strace:strace jq:jq python3:python3 \
	clang:clang clang-format:clang-format clang-tidy:clang-tidy llvm:llvm-symbolizer \
	libclang-rt-14-dev:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a \
	cppcheck:cppcheck universal-ctags:ctags-universal gcovr:gcovr mandoc:mandoc shellcheck:shellcheck patchelf:patchelf git:git zsh:zsh logrotate:logrotate debhelper:dh lintian:lintian rpm:rpmspec python3-jsonschema:/usr/lib/python3/dist-packages/jsonschema

# The engines are for the tests' own daemons: while they are installed a
# policy-rc.d (taken away again) keeps dpkg from starting them as services, and
# apt removes nothing in favour of them.
deps: ## install what is missing to build, run and test (Debian, Ubuntu, as root); elsewhere print the names
	@missing=; set -f; for p in $(PACKAGES); do t=$${p#*:}; \
		case $$t in /*) compgen -G "$$t" >/dev/null ;; *) command -v $$t >/dev/null ;; esac || missing="$$missing $${p%%:*}"; done; \
	for l in $(LIBRARIES); do pkg-config --exists $${l%:*} 2>/dev/null || missing="$$missing $${l#*:}"; done; \
	[ -n "$$missing" ] || exit 0; \
	if [ "$$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then echo "missing, by Debian's names:$$missing"; exit 0; fi; \
	if [ ! -e /usr/sbin/policy-rc.d ]; then \
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT HUP INT TERM; \
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; fi; \
	export DEBIAN_FRONTEND=noninteractive; \
	fetch() { known=; for p in $$missing; do \
			if apt-cache show $$p >/dev/null 2>&1; then known="$$known $$p"; else echo "no package $$p here"; fi; done; \
		[ -z "$$known" ] || apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends --no-remove $$known </dev/null; }; \
	if [ -z "$$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 -print -quit)" ] || ! fetch; then \
		apt-get update -qq && fetch; fi

# For the end-to-end tests alone; what cannot be had they report as not here.
newer: deps ## fetch later runtimes and engines, and a kernel, from Debian's mirror, beside the system (as root)
	@if [ "$$(id -u)" -eq 0 ]; then tests/lib/newer.sh fetch; fi

# FROM:TO:MODE, one row per file; install and uninstall read the same rows.
INSTALL_ROWS = $(BUILD)/ocigate:$(SBINDIR)/ocigate:755 $(BUILD)/ocigatectl:$(SBINDIR)/ocigatectl:755 \
	$(if $(GUARD_SRC),$(BUILD)/ocigate-ports:$(LIBEXECDIR)/ocigate-ports:755) \
	$(foreach f,$(PRESETS),$f:$(DATADIR)/presets/$(notdir $f):644) \
	$(foreach n,5 8,$(foreach f,$(wildcard shim/man/*.$n),$f:$(MANDIR)/man$n/$(notdir $f):644)) \
	shim/completion/ocigatectl.bash:$(COMPDIR)/ocigatectl:644 shim/completion/_ocigatectl:$(ZSHDIR)/_ocigatectl:644 \
	$(foreach f,$(UNITS),$(BUILD)/systemd/$f:$(UNITDIR)/$f:644) \
	$(foreach f,$(wildcard README.md LICENSE),$f:$(DOCDIR)/$f:644) $(if $(SBOM),$(SBOM):$(DOCDIR)/$(notdir $(SBOM)):644)

install: all ## install below DESTDIR and PREFIX; edits no engine's configuration
	@for r in $(INSTALL_ROWS); do IFS=: read -r from to mode <<<"$$r"; \
		install -D -m $$mode $$from "$(DESTDIR)$$to"; echo "  $(DESTDIR)$$to"; done
	@ln -sf ocigate "$(DESTDIR)$(SBINDIR)/ocigate-explain"

uninstall: ## remove what install put there, and nothing else
	@for r in $(INSTALL_ROWS); do IFS=: read -r from to mode <<<"$$r"; rm -f "$(DESTDIR)$$to"; done
	@rm -f "$(DESTDIR)$(SBINDIR)/ocigate-explain"
	@for d in $(DATADIR)/presets $(DATADIR) $(DOCDIR) $(LIBEXECDIR); do \
		rmdir "$(DESTDIR)$$d" 2>/dev/null || true; done

dist: ## the source of the last commit as build/ocigate-VERSION.tar.gz
	@mkdir -p build
	git archive --format=tar --prefix=ocigate-$(VERSION)/ HEAD | gzip -n >build/ocigate-$(VERSION).tar.gz

# Debian's tools want debian/ at the top of a tree of its own.
DEB_TREE := build/deb/ocigate-$(VERSION)
deb: ## a Debian package in build/deb, checked by lintian
	@rm -rf build/deb; mkdir -p $(DEB_TREE)
	@tar --exclude=./build --exclude=./.git -cf - . | tar -xf - -C $(DEB_TREE)
	@cp -r shim/packaging/debian $(DEB_TREE)/debian
	cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKELEVEL -u WERROR -u BUILD dpkg-buildpackage -b -us -uc $(JOBS)
	lintian --fail-on error --allow-root build/deb/*.changes
	@rm -rf $(DEB_TREE); ls build/deb/*.deb

clean: ## remove every build directory
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS=$$'\t' read -r t d; do \
		printf '  %-16s %s\n' "$$t" "$$d"; done
