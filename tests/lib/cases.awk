# SPDX-License-Identifier: Apache-2.0
#
# Reads directory names, one a line, and writes a C file with one Criterion test
# for each: tests/fixtures/RULE/CASE becomes Test(fixture_RULE, CASE), and
# tests/doc/KIND/CASE becomes Test(doc_KIND, CASE). Two names that differ only in
# what C cannot spell are a compile error, never one test less.

BEGIN {
	FS = "/"
	print "/* Made from the directories of tests/fixtures and tests/doc by make. */"
	print "#include <criterion/criterion.h>"
	print "void og_fixture_run(const char *dir);"
	print "void og_doccase_run(const char *dir);"
}

function ident(text) {
	gsub(/[^A-Za-z0-9_]/, "_", text)
	return text ~ /^[0-9]/ ? "_" text : text
}

NF == 4 && $2 == "fixtures" {
	printf "Test(fixture_%s, %s) { og_fixture_run(\"%s\"); }\n", ident($3), ident($4), $0
	next
}

NF == 4 && $2 == "doc" {
	printf "Test(doc_%s, %s) { og_doccase_run(\"%s\"); }\n", ident($3), ident($4), $0
	next
}

NF > 0 {
	print "cases.awk: not a case: " $0 > "/dev/stderr"
	exit 1
}
