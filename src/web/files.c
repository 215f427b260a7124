/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a form. */
#include "web/handler.h"

const gale_http_file *gale_get_file(gale_handler *self, const char *name)
{
    const gale_http_files *files = gale_http_server_request_files(self->request);
    if (!files) { /* a malformed form was refused before, so this is memory */
        gale__handler_remember_failure(self, 500, "out of memory");
        return NULL;
    }
    return gale_http_files_get(files, name, 0);
}
