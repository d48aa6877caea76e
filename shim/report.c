/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reporting. Engines show a user either what stands in the runtime's --log or
 * what came on stderr, depending on the command, so both get the same text.
 */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "ocigate/buf.h"

uint64_t og_report_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#define TIME_SIZE 80

/* RFC 3339, UTC, microseconds: containerd drops a log line whose time it cannot parse. */
static char *write_time(char buf[TIME_SIZE])
{
	struct timespec ts;
	char date[OG_DATE_SIZE];
	int second;

	clock_gettime(CLOCK_REALTIME, &ts);
	og_clock_date(ts.tv_sec, date);
	second = (int)(ts.tv_sec % 86400);
	snprintf(buf, TIME_SIZE, "%sT%02d:%02d:%02d.%06ldZ", date, second / 3600, second / 60 % 60,
		 second % 60, ts.tv_nsec / 1000);
	return buf;
}

static void put_time(struct og_buf *out)
{
	char time[TIME_SIZE];

	og_buf_printf(out, "\"%s\"", write_time(time));
}

/*
 * A piece of a record would be the beginning of the next one's line, and both lost.
 * It cannot be cut off, others may have written behind it; so our bytes, which have
 * their room, become an empty line. O_APPEND would make pwrite(2) append as well.
 */
static void blank_out(int fd, size_t n)
{
	static const char spaces[64] =
		"                                                               ";
	off_t at = lseek(fd, 0, SEEK_CUR) - (off_t)n;

	if (at < 0 || fcntl(fd, F_SETFL, 0) < 0)
		return;
	for (size_t done = 0, part; done + 1 < n; done += part) {
		part = n - 1 - done < sizeof(spaces) - 1 ? n - 1 - done : sizeof(spaces) - 1;
		if (pwrite(fd, spaces, part, at + (off_t)done) != (ssize_t)part)
			return;
	}
	(void)!pwrite(fd, "\n", 1, at + (off_t)n - 1);
}

static void append_line(int dirfd, const char *path, const struct og_buf *line,
			struct og_err *reterr)
{
	og_auto_close int fd = openat(
		dirfd, path,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK,
		0640); /* not waiting for whoever reads a FIFO in the log's place */
	ssize_t n;

	if (fd < 0) {
		if (errno == ELOOP)
			og_fail(reterr, OG_E_SYS,
				"%s is a symbolic link, which is not followed: name the file "
				"itself",
				OG_Q(path));
		else
			og_fail_sys(reterr, errno, "%s cannot be opened", OG_Q(path));
		return;
	}
	/* one write(2): with O_APPEND, lines of several launches never mix */
	do
		n = write(fd, line->data, line->len);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		og_fail_sys(reterr, errno, "%s cannot be written", OG_Q(path));
	} else if ((size_t)n != line->len) {
		blank_out(fd, (size_t)n);
		og_fail(reterr, OG_E_SYS, "%s: the record was cut, the disk may be full",
			OG_Q(path));
	}
}

/* That memory is short is said without any: cut, and with fewer characters. */
static void log_without_memory(const char *text, const char *log)
{
	char data[1500], time[TIME_SIZE];
	struct og_buf line = { .data = data };
	struct og_err ignored = { 0 };
	size_t n = (size_t)snprintf(data, sizeof(data), "{\"level\":\"error\",\"msg\":\"");

	for (; *text && n < 1300; text++) {
		bool plain = *text >= ' ' && *text <= '~' && *text != '"' && *text != '\\';

		data[n++] = plain ? *text : '?';
	}
	line.len = n + (size_t)snprintf(data + n, sizeof(data) - n, "\",\"time\":\"%s\"}\n",
					write_time(time));
	append_line(AT_FDCWD, log, &line, &ignored);
}

static void say(const char *text)
{
	og_auto_buf struct og_buf line = { 0 };
	struct og_err ignored = { 0 };
	char cut[1300];

	og_buf_printf(&line, "%s\n", text);
	if (line.failed)
		snprintf(cut, sizeof(cut), "%.1200s\n", text);
	og_fd_write(STDERR_FILENO, line.failed ? cut : line.data,
		    line.failed ? strlen(cut) : line.len, &ignored);
}

static void log_error(const char *text, const char *log)
{
	og_auto_buf struct og_buf line = { 0 };
	struct og_err ignored = { 0 };

	og_buf_puts(&line, "{\"level\":\"error\"");
	og_buf_key(&line, "msg");
	og_buf_json(&line, text);
	og_buf_key(&line, "time");
	put_time(&line);
	og_buf_puts(&line, "}\n");
	if (line.failed)
		log_without_memory(text, log);
	else
		append_line(AT_FDCWD, log, &line, &ignored);
}

void og_report_error(const char *text, const char *log)
{
	/* standard error may be a pipe that nobody reads any more, which ends us by SIGPIPE */
	if (log && log[0])
		log_error(text, log);
	say(text);
}

char *og_report_text(const struct og_err *err, char *buf, size_t size)
{
	snprintf(buf, size, "ocigate: %s%s", OG_PLACE(err, ""), err->msg);
	return buf;
}

static void put_string(struct og_buf *out, const char *key, const char *value)
{
	og_buf_key(out, key);
	og_buf_json(out, value);
}

static void put_record(const struct og_audit_record *record, struct og_buf *out)
{
	const struct og_facts *facts = record->facts;
	bool applied = record->mode == OG_MODE_ENFORCE &&
		       og_verdict_worst(record->verdict) == OG_REWRITE;
	const char *const *names;
	size_t n;

	og_buf_puts(out, "{\"time\":");
	put_time(out);
	put_string(out, "id", facts->id);
	put_string(out, "command", facts->command);
	put_string(out, "engine", og_engine_name(facts->engine));
	put_string(out, "image", facts->image);
	put_string(out, "image_id", facts->image_id);
	put_string(out, "bundle", facts->bundle);
	put_string(out, "mode", og_mode_name(record->mode));
	put_string(out, "verdict", og_verdict_word(record->verdict));
	og_buf_key(out, "policy");
	og_buf_puts(out, "{\"file\":");
	og_buf_json(out, og_policy_file(record->policy));
	put_string(out, "sha256", record->sha256);
	og_buf_puts(out, "}");
	n = og_verdict_exceptions(record->verdict, &names);
	og_buf_key_strings(out, "exceptions", names, n);
	n = og_verdict_expired(record->verdict, &names);
	if (n)
		og_buf_key_strings(out, "expired", names, n);
	og_buf_key(out, "findings");
	og_verdict_findings(record->verdict, applied ? OG_ENC_APPLIED : 0, OG_AUDIT, out);
	og_buf_key(out, "duration_us");
	og_buf_printf(out, "%llu",
		      (unsigned long long)((og_report_now() - record->started_ns) / 1000));
	og_buf_puts(out, "}\n");
}

/* The log's own directory is made on first use; more than that is the administrator's. */
static void make_directory(const char *file)
{
	char dir[4096];
	const char *slash = strrchr(file, '/');

	if (!slash || slash == file || (size_t)(slash - file) >= sizeof(dir))
		return;
	memcpy(dir, file, (size_t)(slash - file));
	dir[slash - file] = '\0';
	mkdir(dir, 0750);
}

int og_report_audit(const struct og_audit_record *record, struct og_err *reterr)
{
	const struct og_audit *audit = og_policy_audit(record->policy);
	bool complies = og_verdict_worst(record->verdict) == OG_OFF;
	og_auto_buf struct og_buf line = { 0 };
	const char *const *expired;

	if (!audit->file && !audit->syslog)
		return 0;
	if (complies && !audit->complying && !og_verdict_expired(record->verdict, &expired))
		return 0;
	put_record(record, &line);
	if (line.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	if (audit->syslog) {
		openlog("ocigate", LOG_PID, LOG_AUTHPRIV);
		syslog(og_verdict_worst(record->verdict) >= OG_REWRITE ? LOG_WARNING : LOG_INFO,
		       "%.*s", (int)line.len - 1, line.data);
		closelog();
	}
	if (audit->file) {
		struct og_err first = { 0 };

		make_directory(audit->file);
		append_line(AT_FDCWD, audit->file, &line, &first);
		if (first.code != OG_OK)
			return og_fail(reterr, first.code, "the audit log %s", first.msg);
	}
	return 0;
}
