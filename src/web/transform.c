/* SPDX-License-Identifier: Apache-2.0 */
#include "web/transform.h"

#include <errno.h>
#include <unistd.h>

#include "core/error.h"

#include "web/application.h"

/* Of one response, in its arena. */
typedef struct gale__transforms {
    const gale__transform_list *list;
    bool active;    /* some state is not NULL */
    void *states[]; /* NULL: the response passes */
} gale__transforms;

int gale_output_write(gale_output *output, const void *data, size_t size)
{
    return gale__buffer_append(&output->buffer, data, size);
}

/* ---- The application's list ------------------------------------------------------------ */

int gale_application_add_transform(gale_application *application,
                                   const gale_output_transform *transform)
{
    gale__transform_list *older = application->transforms;
    size_t count = older ? older->count : 0;
    gale__transform_list *list =
        gale__malloc(sizeof *list + (count + 1) * sizeof(const gale_output_transform *));
    if (!list)
        return -ENOMEM;
    list->older = older;
    list->count = count + 1;
    for (size_t i = 0; i < count; i++)
        list->transforms[i] = older->transforms[i];
    list->transforms[count] = transform;
    application->transforms = list;
    return 0;
}

void gale__transform_list_free(gale__transform_list *newest)
{
    for (gale__transform_list *list = newest, *older; list; list = older) {
        older = list->older;
        gale__free(list);
    }
}

/* ---- The states of one response -------------------------------------------------------- */

static void release(void *arg)
{
    gale__transforms *self = arg;
    for (size_t i = 0; self->active && i < self->list->count; i++)
        if (self->states[i] && self->list->transforms[i]->release)
            self->list->transforms[i]->release(self->states[i]);
    self->active = false;
}

/* Asks one transform whether it takes part. */
static int begin_one(gale_handler *self, gale__transforms *transforms, size_t i, bool finishing)
{
    const gale_output_transform *transform = transforms->list->transforms[i];
    void *state = gale__arena_calloc(gale__handler_arena(self), transform->state_size);
    if (!state)
        return -ENOMEM;
    int wanted = transform->begin ? transform->begin(self, state, self->body.size, finishing) : 1;
    if (wanted <= 0)
        return wanted;
    transforms->states[i] = state;
    transforms->active = true;
    return 0;
}

static int begin(gale_handler *self, bool finishing)
{
    const gale__transform_list *list = self->application->transforms;
    gale__transforms *transforms = gale__arena_calloc(
        gale__handler_arena(self), sizeof *transforms + list->count * sizeof(void *));
    if (!transforms)
        return -ENOMEM;
    transforms->list = list;
    GALE_TRY(gale_defer(release, transforms));
    self->transforms = transforms;
    for (size_t i = 0; i < list->count; i++)
        GALE_TRY(begin_one(self, transforms, i, finishing));
    return 0;
}

/* ---- The body -------------------------------------------------------------------------- */

static int append_file(gale__buffer *storage, const gale__file_range *file, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(file->fd, gale__buffer_end(storage), size - done,
                              (off_t)(file->offset + (int64_t)done));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count < 0 ? -errno : gale__fail(-EIO, "a file became shorter while it was sent");
        gale__buffer_commit(storage, (size_t)count);
        done += (size_t)count;
    }
    return 0;
}

/* All of the handler's body in one piece; it is in `storage` when it was in several, or a file's.
 */
static int gather(const gale__segments *body, gale__buffer *storage, gale_str *ret_text)
{
    gale__segment *first = body->first;
    *ret_text = (gale_str){ "", 0 };
    if (!first)
        return 0;
    *ret_text = (gale_str){ first->data, first->size };
    if (!first->next && first->data)
        return 0;
    GALE_TRY(gale__buffer_reserve(storage, body->size));
    for (gale__segment *segment = first; segment; segment = segment->next)
        GALE_TRY(segment->data ? gale__buffer_append(storage, segment->data, segment->size)
                               : append_file(storage, gale__segment_file(segment), segment->size));
    *ret_text = gale__buffer_str(storage);
    return 0;
}

static void free_buffer(void *data)
{
    gale__free(data);
}

/* Makes the buffer's content the handler's body. */
static int replace_body(gale_handler *self, gale__buffer *buffer)
{
    gale__segments_clear(&self->body, self->net);
    gale_str text = gale__buffer_str(buffer);
    if (text.len == 0)
        return 0;
    GALE_TRY(gale__segments_give(&self->body, self->net, text.data, text.len, free_buffer,
                                 buffer->data));
    gale__buffer_init(buffer, SIZE_MAX);
    return 0;
}

/* One chunk through all transforms. On the loop's stack: compressing takes much of it. */
typedef struct pass {
    gale_handler *handler;
    bool finishing;
    int result;
} pass;

static int run_pass(const pass *call, gale_str text, gale_output *from, gale_output *to)
{
    gale__transforms *transforms = call->handler->transforms;
    for (size_t i = 0; i < transforms->list->count; i++) {
        void *state = transforms->states[i];
        if (!state)
            continue;
        GALE_TRY(transforms->list->transforms[i]->chunk(call->handler, state, text, call->finishing,
                                                        to));
        gale_output swapped = *from;
        *from = *to;
        *to = swapped;
        to->buffer.start = to->buffer.size = 0;
        text = gale__buffer_str(&from->buffer);
    }
    return replace_body(call->handler, &from->buffer);
}

static void run_on_loop_stack(void *arg)
{
    pass *call = arg;
    gale_output from, to;
    gale_str text;
    gale__buffer_init(&from.buffer, SIZE_MAX);
    gale__buffer_init(&to.buffer, SIZE_MAX);
    call->result = gather(&call->handler->body, &from.buffer, &text);
    if (call->result >= 0)
        call->result = run_pass(call, text, &from, &to);
    gale__buffer_clear(&from.buffer);
    gale__buffer_clear(&to.buffer);
}

/* An error page begins anew. */
static int fail(gale_handler *self, int error)
{
    if (self->transforms)
        release(self->transforms);
    self->transforms = NULL;
    return error;
}

bool gale__transform_wanted(const gale_handler *self)
{
    return self->application->transforms && (!self->transforms || self->transforms->active);
}

int gale__transform_chunk(gale_handler *self, bool finishing)
{
    if (!self->transforms->active)
        return 0;
    pass call = { .handler = self, .finishing = finishing };
    gale__on_loop_stack(run_on_loop_stack, &call);
    if (finishing)
        release(self->transforms);
    return call.result < 0 ? fail(self, call.result) : 0;
}

int gale__transform_first_chunk(gale_handler *self, bool finishing)
{
    int result = begin(self, finishing);
    return result < 0 ? fail(self, result) : gale__transform_chunk(self, finishing);
}
