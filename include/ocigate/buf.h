/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer, and JSON text written into one. Everything ocigate
 * writes (findings, records, replacements) goes through here.
 */
#ifndef OG_BUF_H
#define OG_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. After a failed allocation |failed| stays set and every call is a no-op. */
struct og_buf {
	char *data; /* NUL-terminated when not NULL; owned by the buffer */
	size_t len, cap;
	bool failed;
};

void og_buf_release(struct og_buf *buf);
void og_buf_put(struct og_buf *buf, const void *data, size_t len);
void og_buf_puts(struct og_buf *buf, const char *text);
void og_buf_printf(struct og_buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void og_buf_u64(struct og_buf *buf, uint64_t number); /* in decimal */
/* |text| as a JSON string with its quotes; bytes that are no UTF-8 as U+FFFD. NULL: null. */
void og_buf_json(struct og_buf *buf, const char *text);
void og_buf_json_n(struct og_buf *buf, const char *text, size_t len);
/* ,"key": (the comma unless the last byte is { or [) */
void og_buf_key(struct og_buf *buf, const char *key);
/* The same with its value. */
void og_buf_key_u64(struct og_buf *buf, const char *key, uint64_t number);
void og_buf_key_bool(struct og_buf *buf, const char *key, bool value);
void og_buf_key_strings(struct og_buf *buf, const char *key, const char *const *list, size_t n);
/* Hand the bytes over: NULL when an allocation failed. The buffer is empty after. */
char *og_buf_steal(struct og_buf *buf);

/* Declares a variable that is cleaned up when it leaves scope. */
void og_cleanup_free(void *pointer_to_pointer);
#define og_auto_free __attribute__((cleanup(og_cleanup_free)))
#define og_auto_buf  __attribute__((cleanup(og_buf_release)))
#define og_steal(pointer)                                                                          \
	(__extension__({                                                                           \
		__typeof__(pointer) og_stolen = (pointer);                                         \
		(pointer) = NULL;                                                                  \
		og_stolen;                                                                         \
	}))

#endif
