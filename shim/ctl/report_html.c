/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocigatectl report --html: one page that needs no other file, no script and no network,
 * to be mailed or put on a web server. Every text from a log is escaped; the page's
 * policy (CSP) would not run a script if one came through all the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define SHOWN	  30 /* bars of a chart of rules or images */
#define SHOWN_DAY 90

/* In the order of og_report_columns. */
static const char *const colours[OG_TALLY_COLUMNS] = { "#c0392b", "#e08e1b", "#7f8c9b", "#3b8f5a" };

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	"style-src 'unsafe-inline'\">\n<title>ocigate report</title>\n<style>\n"
	"body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; "
	"padding: 0 1rem; color: #1c2430; background: #fff }\n"
	"h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }\n"
	".tiles { display: flex; flex-wrap: wrap; gap: 1rem }\n"
	".tile { border: 1px solid #d5dae0; border-top-width: 4px; border-radius: 4px; "
	"padding: .5rem 1rem; min-width: 8rem }\n"
	".tile b { display: block; font-size: 1.6rem }\n"
	"table { border-collapse: collapse; width: 100%; table-layout: fixed }\n"
	"th { text-align: right; font-weight: 600; padding: .2rem .5rem; width: 5.5rem }\n"
	"th:first-child { width: auto } th:last-child { width: 28% }\n"
	"td { text-align: right; padding: .15rem .5rem; border-top: 1px solid #e8ebef; "
	"font-variant-numeric: tabular-nums }\n"
	"th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere }\n"
	"svg { display: block }\n"
	"pre { background: #f5f6f8; border-radius: 4px; padding: 1rem; overflow-x: auto; "
	"tab-size: 4 }\n.small { color: #5a6572; font-size: .9rem }\n"
	"@media (prefers-color-scheme: dark) { body { color: #e4e8ee; background: #14181e } "
	"td, .tile { border-color: #343c47 } pre { background: #1e242c } "
	".small { color: #9aa6b4 } }\n"
	/* a telephone: the name above its numbers, the bar below them */
	"@media (max-width: 44rem) { table, tbody { display: block } "
	"tr { display: grid; grid-template-columns: repeat(4, 1fr); padding: .3rem 0; "
	"border-top: 1px solid #8884 } td, th { border: 0; width: auto; padding: 0 .2rem } "
	"th { font-size: .8rem } th:last-child { display: none } "
	"td:first-child, th:first-child, td.bar { grid-column: 1 / -1 } "
	".tile { flex: 1 1 6rem; min-width: 0 } }\n"
	"</style>\n</head>\n<body>\n";

/* Text, made harmless between tags and in quoted attributes. */
static void put_text(struct og_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '&')
			og_buf_puts(out, "&amp;");
		else if (c == '<')
			og_buf_puts(out, "&lt;");
		else if (c == '>')
			og_buf_puts(out, "&gt;");
		else if (c == '"' || c == '\'')
			og_buf_printf(out, "&#%d;", c);
		else if ((c < ' ' && c != '\n' && c != '\t') || c == 0x7f)
			og_buf_puts(out, "\xef\xbf\xbd"); /* U+FFFD: HTML has no controls */
		else
			og_buf_put(out, text, 1);
	}
}

/* "2026-11-01T09:30:00.000000Z" to the minute; what is none as it stands. */
static void put_time(struct og_buf *out, const char *time)
{
	size_t len = strlen(time);
	char text[32];

	if (len < sizeof("YYYY-MM-DDTHH:MMZ") - 1 || time[10] != 'T' || time[13] != ':' ||
	    time[len - 1] != 'Z') {
		put_text(out, time);
		return;
	}
	snprintf(text, sizeof(text), "%.10s %.5s UTC", time, time + 11);
	put_text(out, text);
}

static uint64_t sum_of(const uint64_t n[OG_TALLY_COLUMNS])
{
	uint64_t sum = 0;

	for (size_t k = 0; k < OG_TALLY_COLUMNS; k++)
		sum += n[k];
	return sum;
}

static void put_tiles(struct og_buf *out, const struct og_report *report)
{
	og_buf_puts(out, "<div class=\"tiles\">\n");
	for (size_t k = 0; k < OG_TALLY_COLUMNS; k++)
		og_buf_printf(out,
			      "<div class=\"tile\" style=\"border-top-color: %s\"><b>%" PRIu64
			      "</b>%s</div>\n",
			      colours[k], report->launches.n[k], og_report_columns[k]);
	og_buf_puts(out, "</div>\n");
}

/* One bar, in parts of a thousand of the longest; its numbers stand in the table too. */
static void put_bar(struct og_buf *out, const uint64_t n[OG_TALLY_COLUMNS], uint64_t longest)
{
	unsigned x = 0;

	og_buf_puts(out,
		    "<td class=\"bar\"><svg width=\"100%\" height=\"14\" viewBox=\"0 0 1000 14\" "
		    "preserveAspectRatio=\"none\" aria-hidden=\"true\">");
	for (size_t k = 0; k < OG_TALLY_COLUMNS; k++) {
		unsigned width = longest ? (unsigned)((double)n[k] * 1000 / (double)longest) : 0;

		width = n[k] && width < 2 ? 2 : width;
		if (width)
			og_buf_printf(out,
				      "<rect x=\"%u\" y=\"1\" width=\"%u\" height=\"12\" "
				      "fill=\"%s\"><title>%s: %" PRIu64 "</title></rect>",
				      x, width, colours[k], og_report_columns[k], n[k]);
		x += width;
	}
	og_buf_puts(out, "</svg></td>");
}

struct chart {
	const char *what, *heading;
	const struct og_tally *tally;
	size_t most;
	bool complied; /* has that column */
	bool last;     /* the last rows, not the first, where there are too many */
};

static void put_row(struct og_buf *out, const struct og_tally_row *row, size_t n, uint64_t longest)
{
	og_buf_puts(out, "<tr><td>");
	put_text(out, row->name);
	og_buf_puts(out, "</td>");
	for (size_t k = 0; k < n; k++)
		og_buf_printf(out, "<td>%" PRIu64 "</td>", row->n[k]);
	put_bar(out, row->n, longest);
	og_buf_puts(out, "</tr>\n");
}

static void put_chart(struct og_buf *out, const struct chart *chart)
{
	const struct og_tally *tally = chart->tally;
	size_t shown = tally->n < chart->most ? tally->n : chart->most;
	size_t n = chart->complied ? OG_TALLY_COLUMNS : OG_COMPLIED;
	const struct og_tally_row *rows;
	uint64_t longest = 0;

	if (shown == 0)
		return;
	rows = tally->rows + (chart->last ? tally->n - shown : 0);
	og_buf_printf(out, "<h2>%s</h2>\n<table>\n<tr><th>%s</th>", chart->heading, chart->what);
	for (size_t k = 0; k < n; k++)
		og_buf_printf(out, "<th>%s</th>", og_report_columns[k]);
	og_buf_puts(out, "<th></th></tr>\n");
	for (size_t i = 0; i < shown; i++)
		longest = sum_of(rows[i].n) > longest ? sum_of(rows[i].n) : longest;
	for (size_t i = 0; i < shown; i++)
		put_row(out, &rows[i], n, longest);
	og_buf_puts(out, "</table>\n");
	if (tally->n > shown)
		og_buf_printf(out, "<p class=\"small\">and %zu %s</p>\n", tally->n - shown,
			      chart->last ? "before" : "more");
}

static void put_summary(struct og_buf *out, const struct og_report *report,
			const struct og_logstat *stat)
{
	const uint64_t *later = report->later.n, launches = sum_of(report->launches.n);

	og_buf_printf(out, "<h1>ocigate: %" PRIu64 " launch%s</h1>\n<p class=\"small\">", launches,
		      launches == 1 ? "" : "es");
	if (report->first[0]) {
		og_buf_puts(out, "From ");
		put_time(out, report->first);
		og_buf_puts(out, " to ");
		put_time(out, report->last);
		og_buf_puts(out, ". ");
	}
	if (report->since[0])
		og_buf_printf(out, "Left out, before %s: %" PRIu64 " record%s. ", report->since,
			      report->left_out, report->left_out == 1 ? "" : "s");
	if (sum_of(later))
		og_buf_printf(out,
			      "Beside them, exec and update: %" PRIu64 " rejected, %" PRIu64
			      " rewritten, %" PRIu64 " noted, %" PRIu64 " complied. ",
			      later[OG_REJECTED], later[OG_REWRITTEN], later[OG_NOTED],
			      later[OG_COMPLIED]);
	og_buf_puts(out, "In audit mode: what would become of them. Launches that comply are "
			 "recorded only if the policy says &#34;complying&#34;.</p>\n");
	if (stat->bad) {
		og_buf_printf(out, "<p>Lines that are no records: %" PRIu64 ", the first at ",
			      stat->bad);
		put_text(out, stat->first_bad);
		og_buf_puts(out, "</p>\n");
	}
}

void og_report_html(const struct og_report *report, const struct og_logstat *stat,
		    const char *extends, struct og_buf *out)
{
	const struct chart charts[] = {
		{ "day", "By day", &report->launches.days, SHOWN_DAY, true, true },
		{ "rule", "By rule", &report->launches.rules, SHOWN, false, false },
		{ "image", "By image", &report->launches.images, SHOWN, true, false },
		{ "rule", "Exec and update by rule", &report->later.rules, SHOWN, false, false },
		{ "image", "Exec and update by image", &report->later.images, SHOWN, true, false },
	};
	og_auto_buf struct og_buf policy = { 0 };

	og_buf_puts(out, head);
	put_summary(out, report, stat);
	put_tiles(out, report);
	for (size_t i = 0; i < sizeof(charts) / sizeof(charts[0]); i++)
		put_chart(out, &charts[i]);
	if (report->suggestions && report->suggestions->launches + report->suggestions->later) {
		og_suggest_print(report->suggestions, stat, extends, &policy);
		og_buf_puts(out, "<h2>What would let them comply</h2>\n<pre>");
		put_text(out, policy.data ? policy.data : "");
		og_buf_puts(out, "</pre>\n");
	}
	og_buf_puts(out, "</body>\n</html>\n");
	out->failed |= policy.failed;
}
