/* SPDX-License-Identifier: Apache-2.0 */
/* The request as a value of templates. */
#include <string.h>

#include "web/render.h"

/* What is not UTF-8 in a request is told byte by byte, as Tornado does: in Latin-1. */
static json_t *text_of(gale_str text)
{
    json_t *json = json_stringn(text.data ? text.data : "", text.len);
    if (json)
        return json;
    char *copy = gale__malloc(2 * text.len + 1), *at = copy;
    if (!copy)
        return NULL;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= 0x80)
            *at++ = (char)(0xC0 | byte >> 6);
        *at++ = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
    }
    json = json_stringn_nocheck(copy, (size_t)(at - copy));
    gale__free(copy);
    return json;
}

static json_t *member(const char *text)
{
    return text_of((gale_str){ text, text ? strlen(text) : 0 });
}

static json_t *headers_of(gale_http_headers *headers)
{
    json_t *all = json_object();
    size_t position = 0;
    gale_http_field field;
    while (gale_http_headers_next(headers, &position, &field))
        json_object_set_new(all, field.name.data,
                            member(gale_http_headers_get(headers, field.name.data)));
    return all;
}

/* Lists of values by their names. */
static void add_arguments(json_t *all, const gale_http_arguments *arguments)
{
    for (size_t i = 0; arguments && i < gale_http_arguments_count(arguments); i++) {
        const gale_http_argument *argument = gale_http_arguments_at(arguments, i);
        json_t *name = text_of(argument->name);
        json_t *values = json_object_get(all, json_string_value(name));
        if (!values) {
            values = json_array();
            json_object_set_new(all, json_string_value(name), values);
        }
        json_array_append_new(values, text_of(argument->value));
        json_decref(name);
    }
}

static json_t *arguments_of(gale_http_server_request *request)
{
    json_t *all = json_object();
    add_arguments(all, gale_http_server_request_query_arguments(request));
    add_arguments(all, gale_http_server_request_body_arguments(request));
    return all;
}

json_t *gale__template_request(gale_http_server_request *request)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "method",
                     member(gale_http_server_request_method(request)), "uri",
                     member(gale_http_server_request_uri(request)), "path",
                     member(gale_http_server_request_path(request)), "query",
                     member(gale_http_server_request_query(request)), "version",
                     member(gale_http_server_request_version(request)), "remote_ip",
                     member(gale_http_server_request_remote_ip(request)), "protocol",
                     member(gale_http_server_request_protocol(request)), "host",
                     member(gale_http_server_request_host(request)), "headers",
                     headers_of(gale_http_server_request_headers(request)), "arguments",
                     arguments_of(request));
}

int gale__template_get_header(gale_template_call *call)
{
    gale_handler *self = call->context;
    const char *name = json_string_value(json_array_get(call->arguments, 0));
    if (!name)
        return gale_template_fail(call, "headers.get() takes a name");
    const char *value = gale_http_headers_get(&self->request->headers, name);
    json_t *otherwise = json_array_get(call->arguments, 1);
    call->result = value ? member(value) : otherwise ? json_incref(otherwise) : json_null();
    return 0;
}
