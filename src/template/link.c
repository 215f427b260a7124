/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file as a page: what it extends and includes is loaded, and of blocks with the same name the
 * last one counts, in the order in which Tornado finds them: from the root to the file itself.
 */
#include <errno.h>
#include <string.h>

#include "core/error.h"
#include "template/program.h"

enum { ANCESTORS_MAX = 64 };

typedef struct linker {
    gale__program *program;
    gale__file *ancestors[ANCESTORS_MAX];
    size_t ancestor_count;
    struct gale__block *blocks;
    size_t block_count;
    size_t links;
} linker;

static int fail_at(const gale__file *file, const gale__chunk *chunk, int code, const char *message)
{
    return gale__fail(code, "%s at %s:%u", message, file->name, chunk->line);
}

/* Loads the file that a chunk names. */
static int load(const linker *self, const gale__file *file, gale__chunk *chunk)
{
    if (chunk->file)
        return 0;
    if (!self->program->loader)
        return fail_at(file, chunk, GALE_EINVALID,
                       chunk->kind == CHUNK_EXTENDS
                           ? "{% extends %} block found, but no template loader"
                           : "{% include %} block found, but no template loader");
    char name[1024];
    if (chunk->source.len >= sizeof name || memchr(chunk->source.data, '\0', chunk->source.len))
        return fail_at(file, chunk, GALE_EINVALID, "invalid file name");
    memcpy(name, chunk->source.data, chunk->source.len);
    name[chunk->source.len] = '\0';
    int error = 0;
    chunk->file = gale__loader_file(self->program, name, file->name, &error);
    if (!chunk->file && (error == GALE_ENOTFOUND))
        return fail_at(file, chunk, error, gale_error_detail());
    return chunk->file ? 0 : error;
}

static int too_deep(const gale__file *file, const gale__chunk *chunk)
{
    return fail_at(file, chunk, GALE_EINVALID,
                   "extends and includes are nested too deeply (a file that holds itself?)");
}

static int find_ancestors(linker *self, gale__file *file, int depth)
{
    if (self->ancestor_count == ANCESTORS_MAX)
        return gale__fail(GALE_EINVALID, "%s extends too many files", file->name);
    self->ancestors[self->ancestor_count++] = file;
    for (gale__chunk *chunk = file->body; chunk; chunk = chunk->next) {
        if (chunk->kind != CHUNK_EXTENDS)
            continue;
        if (depth >= GALE__LINK_DEPTH_MAX / 4)
            return too_deep(file, chunk);
        GALE_TRY(load(self, file, chunk));
        GALE_TRY(find_ancestors(self, chunk->file, depth + 1));
    }
    return 0;
}

static int set_block(linker *self, gale__chunk *chunk, gale__file *file)
{
    if (chunk->symbol >= self->block_count) {
        size_t count = chunk->symbol + 16;
        struct gale__block *blocks = gale__realloc(self->blocks, count * sizeof *blocks);
        if (!blocks)
            return -ENOMEM;
        memset(blocks + self->block_count, 0, (count - self->block_count) * sizeof *blocks);
        self->blocks = blocks;
        self->block_count = count;
    }
    self->blocks[chunk->symbol] = (struct gale__block){ chunk, file };
    return 0;
}

static int find_blocks(linker *self, gale__file *file, gale__chunk *chunk, int depth);

static int find_included(linker *self, gale__file *file, gale__chunk *chunk, int depth)
{
    GALE_TRY(load(self, file, chunk));
    for (const gale__chunk *inner = chunk->file->body; inner; inner = inner->next)
        if (inner->kind == CHUNK_EXTENDS)
            return fail_at(chunk->file, inner, GALE_EINVALID, "{% extends %} in an included file");
    return find_blocks(self, chunk->file, chunk->file->body, depth + 1);
}

static int find_in(linker *self, gale__file *file, gale__chunk *chunk, int depth)
{
    if (depth >= GALE__LINK_DEPTH_MAX)
        return too_deep(file, chunk);
    if (chunk->kind == CHUNK_BLOCK || chunk->kind == CHUNK_INCLUDE) {
        if (++self->links > GALE__LINKS_MAX)
            return fail_at(file, chunk, GALE_EINVALID, "too many blocks and includes");
        if (chunk->kind == CHUNK_INCLUDE)
            return find_included(self, file, chunk, depth);
        GALE_TRY(set_block(self, chunk, file));
    }
    GALE_TRY(find_blocks(self, file, chunk->body, depth + 1));
    for (gale__branch *branch = chunk->branches; branch; branch = branch->next)
        GALE_TRY(find_blocks(self, file, branch->body, depth + 1));
    if (chunk->otherwise)
        GALE_TRY(find_blocks(self, file, chunk->otherwise->body, depth + 1));
    return chunk->finally ? find_blocks(self, file, chunk->finally->body, depth + 1) : 0;
}

static int find_blocks(linker *self, gale__file *file, gale__chunk *chunk, int depth)
{
    for (; chunk; chunk = chunk->next)
        GALE_TRY(find_in(self, file, chunk, depth));
    return 0;
}

static int find_all(linker *self, gale__file *file)
{
    GALE_TRY(find_ancestors(self, file, 0));
    for (size_t i = self->ancestor_count; i-- > 0;)
        GALE_TRY(find_blocks(self, self->ancestors[i], self->ancestors[i]->body, 0));
    return 0;
}

static gale_template *make_page(const linker *self, gale__file *file)
{
    size_t size = self->block_count * sizeof *self->blocks;
    gale_template *page = gale__program_alloc(self->program, sizeof *page);
    struct gale__block *blocks = page ? gale__program_alloc(self->program, size) : NULL;
    if (!blocks)
        return NULL;
    if (size)
        memcpy(blocks, self->blocks, size);
    *page = (gale_template){ .program = self->program,
                             .file = file,
                             .root = self->ancestors[self->ancestor_count - 1],
                             .blocks = blocks,
                             .block_count = self->block_count };
    return page;
}

gale_template *gale__link(gale__file *file, gale__program *program, int *ret_error)
{
    linker self = { .program = program };
    gale_template *page = NULL;
    *ret_error = find_all(&self, file);
    if (*ret_error >= 0) {
        page = make_page(&self, file);
        *ret_error = page ? 0 : -ENOMEM;
    }
    gale__free(self.blocks);
    return page;
}
