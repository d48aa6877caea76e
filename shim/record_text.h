/* SPDX-License-Identifier: Apache-2.0 */
/* A launch record as text, between record.c, which has the files, and record_text.c. */
#ifndef OG_RECORD_TEXT_H
#define OG_RECORD_TEXT_H

#include "ocigate/buf.h"
#include "ocigate/doc.h"
#include "record.h"

/* What a record was read into, and what it points to. */
struct og_loaded_record {
	struct og_record record; /* first: og_record_free() takes its address */
	struct og_doc *doc, *facts_doc;
	struct og_facts *facts;
	const char **addresses;
	struct og_bind_id *binds;
	struct og_joined *joined;
	uint64_t writer, writer_start;
};

/* |record| as text at the end of |out|, which names this process as its writer. */
int og_record_encode(const struct og_record *record, struct og_buf *out, struct og_err *reterr);
/* |text| of the file |name|. *ret is to be freed as og_record_free(&(*ret)->record). */
int og_record_decode(const char *name, const char *text, size_t len, struct og_loaded_record **ret,
		     struct og_err *reterr);

#endif
