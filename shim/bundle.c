/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bundle directory and its config.json: opened by descriptor, read once,
 * replaced by rename, never edited in place.
 */
#include "bundle.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "place.h"

#define CONFIG "config.json"
#define KEPT   "config.json.ocigate"

int og_bundle_open(struct og_bundle *bundle, const char *given, struct og_err *reterr)
{
	struct stat st;

	bundle->path = og_path_absolute(given); /* records outlive this process */
	if (!bundle->path)
		return og_fail_sys(reterr, errno, "the working directory");
	bundle->fd = open(bundle->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle->fd < 0 || fstat(bundle->fd, &st) < 0) {
		og_fail_sys(reterr, errno, "the bundle cannot be opened");
		og_err_where(reterr, bundle->path, 0, 0);
		return -1;
	}
	/* who may write the directory may exchange config.json after we have read it */
	if (og_writable_by_others(&st)) {
		og_fail(reterr, OG_E_HOST,
			"owner %u, mode %03o: others may write the bundle; make it root's and run "
			"chmod go-w",
			st.st_uid, st.st_mode & 07777);
		og_err_where(reterr, bundle->path, 0, 0);
		return -1;
	}
	return 0;
}

/*
 * What was rewritten keeps the time of the original (og_bundle_replace()), so
 * equal times mean that config.json is still ours; else somebody has edited it
 * since, and it stays.
 */
static bool is_ours(const struct stat *kept, const struct stat *config)
{
	return kept->st_mtim.tv_sec == config->st_mtim.tv_sec &&
	       kept->st_mtim.tv_nsec == config->st_mtim.tv_nsec;
}

const char *og_bundle_original(int dirfd)
{
	struct stat kept, config;
	bool ours = fstatat(dirfd, KEPT, &kept, AT_SYMLINK_NOFOLLOW) == 0 &&
		    fstatat(dirfd, CONFIG, &config, AT_SYMLINK_NOFOLLOW) == 0 &&
		    is_ours(&kept, &config);

	return ours ? KEPT : CONFIG;
}

static int restore(int dirfd, struct og_err *reterr)
{
	struct stat kept, config;

	if (fstatat(dirfd, KEPT, &kept, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(dirfd, CONFIG, &config, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : og_fail_sys(reterr, errno, "looking for " KEPT);
	if (!is_ours(&kept, &config))
		return 0;
	if (renameat(dirfd, KEPT, dirfd, CONFIG) < 0 && errno != ENOENT)
		return og_fail_sys(reterr, errno, "putting " CONFIG " back");
	return 0;
}

/* What a killed launch was just writing (og_file_replace()). */
static int remove_leftovers(int dirfd, struct og_err *reterr)
{
	static const char front[] = ".ocigate." CONFIG;
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream) {
		og_fail_sys(reterr, errno, "the bundle cannot be read");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(stream)))
		if (strncmp(entry->d_name, front, sizeof(front) - 1) == 0)
			unlinkat(dirfd, entry->d_name, 0);
	closedir(stream);
	return 0;
}

int og_bundle_check(const struct og_bundle *bundle, struct og_err *reterr)
{
	if (!bundle->path || og_is_rootless() || og_path_is_safe(bundle->path, OG_SAFE_STICKY))
		return 0;
	og_fail(reterr, OG_E_HOST,
		"others than root may write a directory on the way to the bundle, and exchange it");
	og_err_where(reterr, bundle->path, 0, 0);
	return -1;
}

int og_bundle_reset(struct og_bundle *bundle, struct og_err *reterr)
{
	return restore(bundle->fd, reterr);
}

int og_bundle_read(struct og_bundle *bundle, struct og_err *reterr)
{
	return og_file_read(bundle->fd, CONFIG, OG_DOC_MAX_BYTES, OG_FILE_TRUSTED, &bundle->text,
			    &bundle->len, &bundle->st, reterr);
}

int og_bundle_replace(struct og_bundle *bundle, const char *text, size_t len, bool keep,
		      struct og_err *reterr)
{
	if (keep &&
	    og_file_replace(bundle->fd, KEPT, bundle->text, bundle->len, &bundle->st, reterr) < 0)
		return -1;
	return og_file_replace(bundle->fd, CONFIG, text, len, &bundle->st, reterr);
}

int og_bundle_restore(const char *path, struct og_err *reterr)
{
	og_auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : og_fail_sys(reterr, errno, "the bundle");
	return restore(fd, reterr) < 0 || remove_leftovers(fd, reterr) < 0 ? -1 : 0;
}

void og_bundle_release(struct og_bundle *bundle)
{
	if (bundle->fd >= 0)
		close(bundle->fd);
	free(bundle->path);
	free(bundle->text);
	*bundle = (struct og_bundle)OG_BUNDLE_INIT;
}
