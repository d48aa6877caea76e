/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launch records: what is written is read back, one container has one record,
 * and what is left over stands in nobody's way.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/record.h"
#include "shim/state.h"

static char dir_path[] = "/tmp/ocigate-test-XXXXXX";
static int dir;

static void setup(void)
{
	umask(022);
	cr_assert(mkdtemp(dir_path) != NULL);
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(dir >= 0);
}

/* |script| with the directory as its working directory; its exit status. */
static int run(const char *script)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (fchdir(dir) == 0)
			execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void teardown(void)
{
	run("rm -rf \"$PWD\"");
	close(dir);
}

TestSuite(record, .init = setup, .fini = teardown);

static struct og_record sample(const struct og_facts *facts)
{
	return (struct og_record){ .root = dir_path, /* where the runtime knows no container */
				   .id = "c1",
				   .bundle = "/b",
				   .runtime = "/usr/bin/runc",
				   .mode = "enforce",
				   .bounding = UINT64_MAX,
				   .uid = 4294967294,
				   .privileged = true,
				   .facts = facts };
}

static int write_record(const struct og_record *record)
{
	struct og_err err = { 0 };

	return og_record_write_at(dir, record, &err);
}

static struct og_record *read_record(const char *root, const char *id)
{
	struct og_record *record = NULL;
	struct og_err err = { 0 };

	cr_expect(og_record_read_at(dir, root, id, &record, &err) == 0, "%s", err.msg);
	return record;
}

static size_t files(void)
{
	DIR *stream = opendir(dir_path);
	struct dirent *entry;
	size_t n = 0;

	cr_assert(stream != NULL);
	while ((entry = readdir(stream)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(stream);
	return n;
}

Test(record, round_trip)
{
	const char *digests[] = { "r@sha256:aa" };
	struct og_port port = { "tcp", "", 8080, false, 80 };
	struct og_source source = { .source = "/etc" };
	struct og_facts facts = { .engine = OG_ENGINE_DOCKER,
				  .id = "c1",
				  .image_known = OG_KNOWN,
				  .image_id = "sha256:bb",
				  .image_digests = digests,
				  .nimage_digests = 1,
				  .ports_known = OG_KNOWN,
				  .ports = &port,
				  .nports = 1,
				  .sources = &source,
				  .nsources = 1 };
	struct og_record record = sample(&facts), *back;

	cr_assert(eq(int, write_record(&record), 0));
	back = read_record(dir_path, "c1");
	cr_assert(back != NULL);
	cr_expect_str_eq(back->root, dir_path);
	cr_expect_str_eq(back->id, "c1");
	cr_expect_str_eq(back->bundle, "/b");
	cr_expect_str_eq(back->runtime, "/usr/bin/runc");
	cr_expect_str_eq(back->mode, "enforce");
	cr_expect(back->privileged && !back->kept);
	cr_expect(eq(u64, back->bounding, UINT64_MAX));
	cr_expect(eq(u64, back->uid, 4294967294));
	cr_assert(back->facts != NULL);
	cr_expect(eq(int, back->facts->engine, OG_ENGINE_DOCKER));
	cr_expect_str_eq(back->facts->image_id, "sha256:bb");
	cr_expect_str_eq(back->facts->image_digests[0], "r@sha256:aa");
	cr_expect(eq(u64, back->facts->ports[0].host_port, 8080));
	/* parts of the document are of no use to later commands */
	cr_expect(eq(sz, back->facts->nsources, 0));
	og_record_free(back);
}

Test(record, is_of_one_root_and_id)
{
	struct og_record record = sample(NULL);
	struct og_record *back;

	cr_assert(eq(int, write_record(&record), 0));
	cr_expect(read_record("/run/other", "c1") == NULL);
	cr_expect(read_record(dir_path, "c2") == NULL);
	record.id = "c2";
	cr_expect(eq(int, write_record(&record), 0));
	back = read_record(dir_path, "c2");
	cr_assert(back != NULL);
	cr_expect_str_eq(back->id, "c2");
	og_record_free(back);
	cr_expect(eq(sz, files(), 2));
}

Test(record, ids_that_are_no_file_names)
{
	static const char *const ids[] = { "", "../x", "a/b", "a b", "a\n" };
	struct og_record record = sample(NULL);

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct og_record *back = NULL;
		struct og_err err = { 0 };

		record.id = ids[i];
		cr_expect(eq(int, write_record(&record), -1), "%s", ids[i]);
		cr_expect(eq(int, og_record_read_at(dir, dir_path, ids[i], &back, &err), -1));
	}
	cr_expect(eq(sz, files(), 0));
}

Test(record, long_ids_differ)
{
	char a[200], b[200];
	struct og_record record = sample(NULL);
	struct og_record *back;

	memset(a, 'a', sizeof(a));
	a[199] = '\0';
	memcpy(b, a, sizeof(b));
	b[198] = 'b';
	record.id = a;
	cr_expect(eq(int, write_record(&record), 0));
	cr_expect(read_record(dir_path, b) == NULL);
	back = read_record(dir_path, a);
	cr_expect(back != NULL);
	og_record_free(back);
}

/* The runtime keeps ROOT/ID as long as the container exists. */
Test(record, of_a_container_that_exists_stays)
{
	struct og_record record = sample(NULL), *back;
	char state[128];

	cr_assert(eq(int, write_record(&record), 0));
	snprintf(state, sizeof(state), "%s/c1", dir_path);
	cr_assert(eq(int, mkdir(state, 0711), 0));
	record.bundle = "/other";
	cr_expect(eq(int, write_record(&record), -1));
	back = read_record(dir_path, "c1");
	cr_assert(back != NULL);
	cr_expect_str_eq(back->bundle, "/b");
	og_record_free(back);
	/* deleted by other means: the record is left over */
	cr_assert(eq(int, rmdir(state), 0));
	cr_expect(eq(int, write_record(&record), 0));
	back = read_record(dir_path, "c1");
	cr_assert(back != NULL);
	cr_expect_str_eq(back->bundle, "/other");
	og_record_free(back);
}

/* The process that wrote it becomes the runtime: until it ends, the launch is under way. */
Test(record, of_a_launch_under_way_stays)
{
	struct og_record record = sample(NULL);
	int ready[2];
	char c;
	pid_t pid;

	cr_assert(eq(int, pipe(ready), 0));
	pid = fork();
	if (pid == 0) {
		c = write_record(&record) == 0;
		(void)!write(ready[1], &c, 1);
		pause();
		_exit(0);
	}
	cr_assert(read(ready[0], &c, 1) == 1 && c == 1);
	cr_expect(eq(int, write_record(&record), -1));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect(eq(int, write_record(&record), 0));
}

/* The writer's number may be another process's by now: of one that began later. */
Test(record, of_a_writer_whose_number_was_used_again)
{
	static const char writes[] =
		"sed -i 's/\"writer-start\":[0-9]*/\"writer-start\":%llu/' c1-*";
	struct og_record record = sample(NULL);
	char script[128], start[128];
	uint64_t now;
	pid_t pid;

	cr_assert(eq(int, write_record(&record), 0));
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(script, sizeof(script), "sed -i 's/\"writer\":[0-9]*/\"writer\":%d/' c1-*",
		 (int)pid);
	cr_assert(eq(int, run(script), 0));
	/* there before the record was: its writer */
	while (og_process_self(&now) && now <= og_process_start(pid))
		usleep(1000);
	snprintf(start, sizeof(start), writes, (unsigned long long)now);
	cr_assert(eq(int, run(start), 0));
	cr_expect(eq(int, write_record(&record), -1));
	snprintf(start, sizeof(start), writes, 1ULL);
	cr_assert(eq(int, run(start), 0));
	cr_expect(eq(int, write_record(&record), 0));
	/* a time to come: of an earlier boot */
	cr_assert(eq(int, run(script), 0));
	snprintf(start, sizeof(start), writes, (unsigned long long)now * 1000);
	cr_assert(eq(int, run(start), 0));
	cr_expect(eq(int, write_record(&record), 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Many at once: exactly one launch gets the id. */
Test(record, one_of_many_wins)
{
	enum { N = 16 };
	struct og_record record = sample(NULL);
	int go[2], done[2], won = 0;
	pid_t pids[N];

	cr_assert(pipe(go) == 0 && pipe(done) == 0);
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			char c;

			close(go[1]);
			(void)!read(go[0], &c, 1); /* end of file: all start together */
			c = write_record(&record) == 0;
			(void)!write(done[1], &c, 1);
			pause();
			_exit(0);
		}
	}
	close(go[1]);
	for (int i = 0; i < N; i++) {
		char c;

		cr_assert(read(done[0], &c, 1) == 1);
		won += c;
	}
	for (int i = 0; i < N; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	cr_expect(eq(int, won, 1));
	cr_expect(eq(sz, files(), 1));
}

/* A record that was moved or damaged is an error, never another container's or none. */
Test(record, that_cannot_be_believed)
{
	struct og_record record = sample(NULL), *back = NULL;
	struct og_err err = { 0 };

	cr_assert(eq(int, write_record(&record), 0));
	record.id = "c2";
	cr_assert(eq(int, write_record(&record), 0));
	cr_assert(eq(int, run("a=$(echo c1-*) b=$(echo c2-*) && cp $a $b && echo '{' >$a"), 0));
	cr_expect(eq(int, og_record_read_at(dir, dir_path, "c2", &back, &err), -1));
	cr_expect(strstr(err.msg, "of another container") != NULL, "%s", err.msg);
	err = (struct og_err){ 0 };
	cr_expect(eq(int, og_record_read_at(dir, dir_path, "c1", &back, &err), -1));
	cr_expect(back == NULL);
	/* the damaged one may go, the other's may not */
	cr_expect(eq(int, og_record_remove_at(dir, dir_path, "c1", &err), 0));
	cr_expect(eq(sz, files(), 1));
	cr_expect(eq(int, og_record_remove_at(dir, dir_path, "c2", &err), 0));
	cr_expect(eq(sz, files(), 1));
}

Test(record, writable_by_others_is_not_believed)
{
	struct og_record record = sample(NULL), *back = NULL;
	struct og_err err = { 0 };

	cr_assert(eq(int, write_record(&record), 0));
	cr_assert(eq(int, run("chmod 666 c1-*"), 0));
	cr_expect(eq(int, og_record_read_at(dir, dir_path, "c1", &back, &err), -1));
	cr_expect(back == NULL);
}

Test(record, removal)
{
	struct og_record record = sample(NULL);
	struct og_err err = { 0 };

	cr_assert(eq(int, write_record(&record), 0));
	cr_expect(eq(int, og_record_remove_at(dir, "/run/other", "c1", &err), 0));
	cr_expect(eq(sz, files(), 1));
	cr_expect(eq(int, og_record_remove_at(dir, dir_path, "c1", &err), 0));
	cr_expect(eq(int, og_record_remove_at(dir, dir_path, "c1", &err), 0));
	cr_expect(eq(sz, files(), 0));
}

static bool count(void *ctx, const struct og_record *record)
{
	cr_expect(record->id[0] == 'c');
	return ++*(int *)ctx == 2;
}

Test(record, each)
{
	struct og_record record = sample(NULL);
	static const char *const ids[] = { "c1", "c2", "c3" };
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		record.id = ids[i];
		cr_assert(eq(int, write_record(&record), 0));
	}
	og_record_each_at(dir, count, &n);
	cr_expect(eq(int, n, 2)); /* ended by the second */
}

/* ---- the runtime's own state ---- */

__attribute__((format(printf, 2, 3))) static void state_file(const char *name, const char *format,
							     ...)
{
	va_list ap;
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/c1", dir_path);
	mkdir(path, 0711);
	snprintf(path, sizeof(path), "%s/c1/%s", dir_path, name);
	f = fopen(path, "w");
	cr_assert(f != NULL);
	va_start(ap, format);
	vfprintf(f, format, ap);
	va_end(ap);
	fclose(f);
}

#define RUNC_STATE "{\"id\":\"c1\",\"init_process_pid\":%ld,\"init_process_start\":%llu}"
#define CRUN_STATE "{\"pid\":%ld,\"process-start-time\":%llu}"

Test(record, state_of_both_runtimes)
{
	unsigned long long start = og_process_start(getpid());
	struct og_record record = sample(NULL);
	struct og_state state;

	cr_assert(start > 0);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.exists == false && state.pid == 0);
	cr_expect_not(og_record_alive(&record));

	state_file("state.json", RUNC_STATE, (long)getpid(), start);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.exists && state.pid == getpid() && !state.created);
	cr_expect(og_record_alive(&record));
	/* the pid is somebody else's now */
	state_file("state.json", RUNC_STATE, (long)getpid(), start + 1);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.exists && state.pid == 0);

	/* the rest need not be read, wherever it is */
	state_file("state.json",
		   "{\"id\":\"c1\",\"init_process_pid\":%ld,\"init_process_start\":%llu,"
		   "\"config\":{\"x\":[1,\"config\"]}}",
		   (long)getpid(), start);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.pid == getpid());
	state_file("state.json",
		   "{\"a\":{\"b\":1,\"config\":2},\"init_process_pid\":%ld,\"config\":{},"
		   "\"init_process_start\":%llu}",
		   (long)getpid(), start);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.pid == getpid());

	state_file("state.json", "not JSON%.0ld%.0llu", 0L, 0ULL);
	state_file("status", CRUN_STATE, (long)getpid(), start);
	state_file("exec.fifo", "%.0ld%.0llu", 0L, 0ULL);
	og_state_read(dir_path, "c1", &state);
	cr_expect(state.pid == getpid() && state.created);
	cr_expect_not(og_record_alive(&record)); /* "delete" kills what was not started */
}

static void *go_on(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

/* A process whose first thread has ended, and with |others| not its last. */
static pid_t ended_process(bool others)
{
	pid_t pid = fork();
	char path[64], text[512] = "", *state;
	pthread_t thread;

	if (pid == 0) {
		if (others && pthread_create(&thread, NULL, go_on, NULL) == 0)
			pthread_exit(NULL);
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	do {
		FILE *f = fopen(path, "r");

		cr_assert(f && fgets(text, sizeof(text), f));
		fclose(f);
		state = strrchr(text, ')');
	} while (state && state[2] != 'Z');
	return pid;
}

/* Its parent may be slow to take note: "delete" need not wait for that. */
Test(record, state_of_a_zombie)
{
	struct og_record record = sample(NULL);
	struct og_state state;

	for (int others = 0; others < 2; others++) {
		pid_t pid = ended_process(others);

		state_file("state.json", RUNC_STATE, (long)pid,
			   (unsigned long long)og_process_start(pid));
		og_state_read(dir_path, "c1", &state);
		cr_expect(state.pid == pid && state.ended == !others);
		cr_expect(og_record_alive(&record) == others);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		cr_expect_not(og_record_alive(&record));
	}
}

/* A link called runc that leads to crun is crun. */
Test(record, root_of_a_link)
{
	struct og_err err = { 0 };
	char path[160], *root = NULL;

	cr_assert(eq(int, run(": >crun; ln -s crun runc; : >oci; ln -s oci crun.oci"), 0));
	setenv("XDG_RUNTIME_DIR", "/run", 1);
	snprintf(path, sizeof(path), "%s/runc", dir_path);
	cr_assert(eq(int, og_state_root(NULL, path, &root, &err), 0));
	cr_expect_str_eq(root, "/run/crun");
	free(root);
	snprintf(path, sizeof(path), "%s/crun.oci", dir_path);
	cr_assert(eq(int, og_state_root(NULL, path, &root, &err), 0));
	cr_expect_str_eq(root, "/run/crun");
	free(root);
}

Test(record, root_of_a_command)
{
	struct og_err err = { 0 };
	char *root = NULL;

	cr_assert(eq(int, og_state_root("/run/x//", "/usr/bin/runc", &root, &err), 0));
	cr_expect_str_eq(root, "/run/x");
	free(root);
	cr_assert(eq(int, chdir("/"), 0));
	cr_assert(eq(int, og_state_root("x", "/usr/bin/runc", &root, &err), 0));
	cr_expect_str_eq(root, "/x");
	free(root);
	setenv("XDG_RUNTIME_DIR", "/run", 1);
	cr_assert(eq(int, og_state_root(NULL, "/usr/bin/crun", &root, &err), 0));
	cr_expect_str_eq(root, "/run/crun");
	free(root);
	cr_assert(eq(int, og_state_root(NULL, "/usr/libexec/ocigate/runc.real", &root, &err), 0));
	cr_expect_str_eq(root, "/run/runc");
	free(root);
}
