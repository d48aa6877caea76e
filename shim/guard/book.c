/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books: NAME.ports beside the records, what stands in the host's table for a
 * container. Written before anything is put in, removed after it was taken out: a
 * crash in between leaves a port closed and a book that says so.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "guard.h"
#include "ocigate/doc.h"
#include "shim/file.h"

#define BOOK_MAX     ((size_t)32 << 20)
#define NAME_MAX_LEN 160
#define SUFFIX	     ".ports"
#define TEMP_FRONT   ".ocigate." /* og_file_replace() */

/* The record's own name, by which two containers never share a book. */
static void book_name(const char *root, const char *id, char buf[NAME_MAX_LEN])
{
	char name[OG_RECORD_NAME];

	og_record_name(root, id, name);
	snprintf(buf, NAME_MAX_LEN, "%s" SUFFIX, name);
}

int og_book_open(struct og_err *reterr)
{
	int dir;

	if (og_record_dir(true, &dir, reterr) < 0)
		return -1;
	/* Until this program ends. Launches lock the same directory only for a moment. */
	if (flock(dir, LOCK_EX) == 0)
		return dir;
	og_fail_sys(reterr, errno, "cannot lock the launch records");
	close(dir);
	return -1;
}

int og_book_write(int dir, const struct og_record *record, const struct og_buf *elements,
		  struct og_err *reterr)
{
	og_auto_buf struct og_buf text = { 0 };
	struct stat like = { .st_mode = 0600, .st_uid = geteuid(), .st_gid = getegid() };
	char name[NAME_MAX_LEN];

	book_name(record->root, record->id, name);
	og_buf_printf(&text, "%s\n%s\n%s", record->root, record->id,
		      elements->data ? elements->data : "");
	if (text.failed)
		return og_fail(reterr, OG_E_NOMEM, "out of memory");
	/* one that cannot be read would stop all that follows, for every container */
	if (text.len > BOOK_MAX)
		return og_fail(reterr, OG_E_HOST,
			       "the container publishes too many ports to be guarded");
	return og_file_replace(dir, name, text.data, text.len, &like, reterr);
}

/* Cut the first line off; what follows it. */
static char *cut(char *text)
{
	char *end = strchr(text, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	return end + 1;
}

static int read_book(int dir, const char *name, char **ret, struct og_err *reterr)
{
	size_t len;

	return og_file_read(dir, name, BOOK_MAX, OG_FILE_TRUSTED | OG_FILE_MAY_MISS, ret, &len,
			    NULL, reterr);
}

int og_book_read(int dir, const char *root, const char *id, char **ret, struct og_err *reterr)
{
	og_auto_free char *text = NULL;
	char name[NAME_MAX_LEN], *owner, *elements;

	*ret = NULL;
	book_name(root, id, name);
	if (read_book(dir, name, &text, reterr) < 0)
		return -1;
	owner = text ? cut(text) : NULL;
	elements = owner ? cut(owner) : NULL;
	if (!elements)
		return 0;
	*ret = strdup(elements);
	return *ret ? 0 : og_fail(reterr, OG_E_NOMEM, "out of memory");
}

void og_book_remove(int dir, const char *root, const char *id)
{
	char name[NAME_MAX_LEN];

	book_name(root, id, name);
	unlinkat(dir, name, 0);
}

void og_book_sweep(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream && fd >= 0)
		close(fd);
	while (stream && (entry = readdir(stream)))
		if (strncmp(entry->d_name, TEMP_FRONT, sizeof(TEMP_FRONT) - 1) == 0 &&
		    strstr(entry->d_name, SUFFIX "."))
			unlinkat(dir, entry->d_name, 0);
	if (stream)
		closedir(stream);
}

struct dirent *og_readdir(DIR *stream, int *r, struct og_err *reterr)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(stream);
	if (!entry && errno)
		*r = og_fail_sys(reterr, errno, "a directory cannot be read");
	return entry;
}

int og_book_each(int dir, og_book_fn *fn, void *ctx, struct og_err *reterr)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return og_fail_sys(reterr, errno, "the launch records");
	}
	/* one that is missed would look as if its container were gone */
	while (r == 0 && (entry = og_readdir(stream, &r, reterr))) {
		size_t len = strlen(entry->d_name), suffix = sizeof(SUFFIX) - 1;
		og_auto_free char *text = NULL;
		char *id, *elements;

		if (len <= suffix || strcmp(entry->d_name + len - suffix, SUFFIX) != 0 ||
		    entry->d_name[0] == '.')
			continue;
		r = read_book(dir, entry->d_name, &text, reterr);
		id = r == 0 && text ? cut(text) : NULL;
		elements = id ? cut(id) : NULL;
		if (elements)
			r = fn(ctx, text, id, elements, reterr);
	}
	closedir(stream);
	return r;
}
