/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl report: who was affected by a policy, or would be by enforcing it: by rule,
 * by image, by day. A launch counts once for a rule, by the hardest of its findings. So
 * does each exec and update, but apart: a health check alone is thousands a day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "ocigate/rule.h"
#include "report.h"

#define SHOWN 20 /* rows of a table for people */

const char *const og_report_columns[OG_TALLY_COLUMNS] = { "rejected", "rewritten", "noted",
							  "complied" };

bool og_record_is_later(const struct og_node *record)
{
	const char *command = og_str(og_member(record, "command"));

	return command && (strcmp(command, "exec") == 0 || strcmp(command, "update") == 0);
}

static size_t column_of(const char *action)
{
	if (!action)
		return OG_NOTED;
	return strcmp(action, "reject") == 0	? OG_REJECTED
	       : strcmp(action, "rewrite") == 0 ? OG_REWRITTEN
						: OG_NOTED;
}

static size_t outcome_of(const struct og_node *record)
{
	const char *verdict = og_str(og_member(record, "verdict"));

	if (strcmp(verdict, "allow") != 0)
		return column_of(verdict);
	return og_first(og_member(record, "findings")) ? OG_NOTED : OG_COMPLIED;
}

/* Once for each rule of the launch: the worst column. */
static int count_rules(struct og_counts *counts, const struct og_node *findings)
{
	size_t worst[OG_NRULES];

	for (size_t i = 0; i < OG_NRULES; i++)
		worst[i] = OG_COMPLIED;
	og_each (finding, findings) {
		const char *id = og_str(og_member(finding, "rule"));
		size_t column = column_of(og_str(og_member(finding, "action"))), i = 0;

		while (i < OG_NRULES && id && strcmp(id, og_rules[i].id) != 0)
			i++;
		if (id && i < OG_NRULES && column < worst[i])
			worst[i] = column;
	}
	for (size_t i = 0; i < OG_NRULES; i++)
		if (worst[i] != OG_COMPLIED &&
		    og_tally_add(&counts->rules, og_rules[i].id, worst[i]) < 0)
			return -1;
	return 0;
}

static int count(void *ctx, const struct og_node *record, struct og_err *reterr)
{
	struct og_report *report = ctx;
	struct og_counts *counts = og_record_is_later(record) ? &report->later : &report->launches;
	const char *time = og_str(og_member(record, "time"));
	const char *image = og_str(og_member(record, "image"));
	size_t outcome = outcome_of(record);
	char day[11] = "";

	time = time ? time : "";
	/* without its "Z", before which as text every fraction of the same second would be */
	if (strncmp(time, report->since, strcspn(report->since, "Z")) < 0) {
		report->left_out++;
		return 0;
	}
	if (!report->first[0] || strcmp(time, report->first) < 0)
		snprintf(report->first, sizeof(report->first), "%.32s", time);
	if (strcmp(time, report->last) > 0)
		snprintf(report->last, sizeof(report->last), "%.32s", time);
	snprintf(day, sizeof(day), "%.10s", time);
	counts->n[outcome]++;
	if (og_tally_add(&counts->images, image ? image : "(none)", outcome) < 0 ||
	    og_tally_add(&counts->days, day, outcome) < 0 ||
	    count_rules(counts, og_member(record, "findings")) < 0)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	return report->suggestions ? og_suggest_take(report->suggestions, record, reterr) : 0;
}

/* ---- for people ---- */

/*
 * A name as it is, cut to |width|; quoted where that would hide what it holds, or where a
 * blank in it would make the numbers of a row.
 */
static const char *cell(char buf[OG_QUOTED], size_t width, const char *name)
{
	bool plain = name[0] && og_is_plain(name) && !strpbrk(name, " \"\\");

	/* with two quotes and NUL */
	og_quote(buf, plain ? width + 3 : width, name);
	if (!plain)
		return buf;
	buf[strlen(buf) - 1] = '\0';
	return buf + 1;
}

static void print_table(const char *what, const struct og_tally *tally, bool complied, bool last)
{
	size_t shown = tally->n < SHOWN ? tally->n : SHOWN, n = complied ? 4 : 3;
	const struct og_tally_row *rows;

	/* as wide as the terminal lets the names be, the same for every table */
	int columns = (int)og_ctl_columns(stdout), width = columns ? columns - 4 * 11 : 44;
	char name[OG_QUOTED];

	if (tally->n == 0)
		return;
	rows = tally->rows + (last ? tally->n - shown : 0);
	width = width < 16 ? 16 : width > 80 ? 80 : width;
	printf("\n%s%-*s", og_ctl_paint(OG_BOLD), width, what);
	for (size_t i = 0; i < n; i++)
		printf(" %10s", og_report_columns[i]);
	printf("%s\n", og_ctl_paint(OG_PLAIN));
	for (size_t i = 0; i < shown; i++) {
		printf("%-*s", width, cell(name, (size_t)width, rows[i].name));
		for (size_t k = 0; k < n; k++)
			printf(" %10llu", (unsigned long long)rows[i].n[k]);
		printf("\n");
	}
	if (tally->n > shown)
		printf("(and %zu %s)\n", tally->n - shown, last ? "before" : "more");
}

static void print_sums(const char *what, const uint64_t n[OG_TALLY_COLUMNS])
{
	og_ctl_say(stdout, 2, "%s: %llu complied, %llu noted, %llu rewritten, %llu rejected", what,
		   (unsigned long long)n[OG_COMPLIED], (unsigned long long)n[OG_NOTED],
		   (unsigned long long)n[OG_REWRITTEN], (unsigned long long)n[OG_REJECTED]);
}

static void print_text(const struct og_report *report, const struct og_logstat *stat)
{
	print_sums("launches", report->launches.n);
	if (report->later.days.n)
		print_sums("exec, update", report->later.n);
	if (report->first[0])
		og_ctl_say(stdout, 2, "from %s to %s", report->first, report->last);
	if (report->since[0])
		og_ctl_say(stdout, 2, "left out, before %s: %llu record%s", report->since,
			   (unsigned long long)report->left_out, report->left_out == 1 ? "" : "s");
	og_ctl_say(stdout, 1,
		   "(in audit mode: what would become of them; launches that comply are recorded "
		   "only if the policy says \"complying\")");
	if (stat->bad)
		og_ctl_say(stdout, 2, "lines that are no records: %llu, the first at %s",
			   (unsigned long long)stat->bad, stat->first_bad);
	print_table("rule", &report->launches.rules, false, false);
	print_table("image", &report->launches.images, true, false);
	print_table("day", &report->launches.days, true, true);
	if (report->later.days.n == 0)
		return;
	printf("\nof exec and update:\n");
	print_table("rule", &report->later.rules, false, false);
	print_table("image", &report->later.images, true, false);
}

/* ---- for programs ---- */

/* An object, which more may follow in. */
static void put_sums(struct og_buf *out, const uint64_t n[OG_TALLY_COLUMNS])
{
	og_buf_puts(out, "{");
	for (size_t k = 0; k < OG_TALLY_COLUMNS; k++) {
		og_buf_key(out, og_report_columns[k]);
		og_buf_printf(out, "%llu", (unsigned long long)n[k]);
	}
}

static void put_table(struct og_buf *out, const char *key, const struct og_tally *tally)
{
	og_buf_key(out, key);
	og_buf_puts(out, "{");
	for (size_t i = 0; i < tally->n; i++) {
		og_buf_key(out, tally->rows[i].name);
		put_sums(out, tally->rows[i].n);
		og_buf_puts(out, "}");
	}
	og_buf_puts(out, "}");
}

static void put_tables(struct og_buf *out, const struct og_counts *counts)
{
	put_table(out, "rules", &counts->rules);
	put_table(out, "images", &counts->images);
	put_table(out, "days", &counts->days);
	og_buf_puts(out, "}");
}

static void put_json(const struct og_report *report, const struct og_logstat *stat,
		     struct og_buf *out)
{
	put_sums(out, report->launches.n);
	og_buf_key(out, "first");
	og_buf_json(out, report->first);
	og_buf_key(out, "last");
	og_buf_json(out, report->last);
	og_buf_key(out, "unreadable");
	og_buf_printf(out, "%llu", (unsigned long long)stat->bad);
	og_buf_key(out, "left_out");
	og_buf_printf(out, "%llu", (unsigned long long)report->left_out);
	og_buf_key(out, "exec_update");
	put_sums(out, report->later.n);
	put_tables(out, &report->later);
	put_tables(out, &report->launches);
	og_buf_puts(out, "\n");
}

/* ---- */

enum format { TEXT, JSON, HTML };
static const char *const formats[] = { "text", "json", "html" };

/* What count() wants of a record, and with a page og_suggest_take() too. */
static const char *const keys[] = { "time",	"command", "image",  "verdict",
				    "findings", "rule",	   "action", NULL };
static const char *const page_keys[] = { "time",     "command", "image",  "verdict",
					 "findings", "rule",	"action", "path",
					 "before",   "after",	"why",	  NULL };

static void sort_counts(struct og_counts *counts)
{
	og_tally_sort(&counts->rules, false);
	og_tally_sort(&counts->images, false);
	og_tally_sort(&counts->days, true);
}

static void free_counts(struct og_counts *counts)
{
	og_tally_free(&counts->rules);
	og_tally_free(&counts->images);
	og_tally_free(&counts->days);
}

static int run(struct og_report *report, char *const *paths, size_t n, enum format format)
{
	og_auto_buf struct og_buf out = { 0 };
	struct og_logstat stat = { 0 };
	struct og_err err = { 0 };

	if (og_log_each(paths, n, report->suggestions ? page_keys : keys, count, report, &stat,
			&err) < 0)
		return og_ctl_error(&err);
	sort_counts(&report->launches);
	sort_counts(&report->later);
	if (format == TEXT)
		print_text(report, &stat);
	else if (format == JSON)
		put_json(report, &stat, &out);
	else
		og_report_html(report, &stat, "lab", &out);
	return og_ctl_print(&out);
}

/* Whether |text| can begin a record's time, by which they are compared: RFC 3339, in UTC. */
static bool begins_time(const char *text)
{
	static const char least[] = "0000-01-01T00:00:00", most[] = "9999-12-31T23:59:60";
	static const size_t fields[] = { 5, 8, 11, 14, 17 };
	size_t len = strlen(text);

	if (len == 0)
		return false;
	for (size_t i = 0; i < len && i < sizeof(most) - 1; i++)
		if (least[i] == '-' || least[i] == 'T' || least[i] == ':'
			    ? text[i] != least[i]
			    : text[i] < '0' || text[i] > '9')
			return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && fields[i] < len; i++) {
		const char *field = text + fields[i];

		if (strncmp(field, most + fields[i], field[1] ? 2 : 1) > 0 ||
		    (field[1] && strncmp(field, least + fields[i], 2) < 0))
			return false;
	}
	if (len < sizeof(most))
		return true;
	text += sizeof(most) - 1;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	return strcmp(text, "Z") == 0 || !*text;
}

/* The index of |name|; -1: there is no such format. */
static int format_of(const char *name)
{
	for (int i = 0; i <= HTML; i++)
		if (strcmp(name, formats[i]) == 0)
			return i;
	return -1;
}

int og_ctl_report(const struct og_subcommand *self, int argc, char *argv[])
{
	struct og_suggestions suggestions = { .launches = 0 };
	struct og_report report = { .since = "" };
	const char *since = NULL;
	int format = TEXT, at = 1, r;
	struct og_err err = { 0 };
	struct og_logs logs;

	for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		if (strcmp(argv[at], "--html") == 0)
			format = HTML;
		else if (strcmp(argv[at], "--since") != 0 && strcmp(argv[at], "--format") != 0)
			return og_ctl_usage(self, "%s is no option", OG_Q(argv[at]));
		else if (at + 1 == argc)
			return og_ctl_usage(self, "%s is given no value", argv[at]);
		else if (strcmp(argv[at++], "--since") == 0)
			since = argv[at];
		else if ((format = format_of(argv[at])) < 0)
			return og_ctl_usage(self, "--format %s: it is text, json or html",
					    OG_Q(argv[at]));
	}
	if (since && !begins_time(since))
		return og_ctl_usage(self, "--since takes the beginning of an RFC 3339 time in UTC: "
					  "2026, 2026-12-24, 2026-12-24T18:30");
	report.since = since ? since : "";
	report.suggestions = format == HTML ? &suggestions : NULL;
	r = og_logs_find(argv + at, (size_t)(argc - at), format == HTML, &logs, &err);
	if (r == 0 && report.suggestions)
		og_suggest_log(&suggestions, &logs);
	r = r < 0 ? og_ctl_error(&err) : run(&report, logs.paths, logs.n, (enum format)format);
	free_counts(&report.launches);
	free_counts(&report.later);
	og_suggest_free(&suggestions);
	return r;
}
