/* SPDX-License-Identifier: Apache-2.0 */
/* What a server has answered to a client's handshake (RFC 6455 §4.1, behind the request). */
#include <string.h>
#include <strings.h>

#include "proto/headers.h"
#include "proto/http1_body.h"
#include "proto/websocket_handshake.h"

static gale_str header(gale_http_headers *headers, gale__http_header id)
{
    const char *value = gale__http_headers_get(headers, id);
    return (gale_str){ value ? value : "", value ? strlen(value) : 0 };
}

static int refuse(gale__websocket_answer *answer, const char *reason)
{
    answer->reason = reason;
    return GALE_EINPUT;
}

static int check_subprotocol(const gale__websocket_question *asked, gale_http_headers *headers,
                             gale__websocket_answer *answer)
{
    const char *selected = gale__http_headers_get(headers, GALE__HTTP_SEC_WEBSOCKET_PROTOCOL);
    if (!selected)
        return 0;
    for (const char *const *at = asked->subprotocols; at && *at; at++)
        if (strcmp(*at, selected) == 0) {
            answer->subprotocol = *at;
            return 0;
        }
    return refuse(answer, "Sec-WebSocket-Protocol is none that was offered");
}

static int check_extensions(const gale__websocket_question *asked, gale_http_headers *headers,
                            gale__websocket_answer *answer)
{
    gale_str extensions = header(headers, GALE__HTTP_SEC_WEBSOCKET_EXTENSIONS);
    if (extensions.len == 0)
        return 0;
    int result = asked->deflate
                     ? gale__websocket_deflate_agree(extensions, asked->deflate, &answer->deflate)
                     : GALE_EINPUT;
    answer->compressed = result > 0;
    return result < 0 ? refuse(answer, "Sec-WebSocket-Extensions has what was not offered") : 0;
}

int gale__websocket_check_answer(const gale__websocket_question *asked, gale_http_headers *headers,
                                 gale__websocket_answer *ret_answer)
{
    char accept[GALE__WEBSOCKET_ACCEPT_SIZE + 1];
    *ret_answer = (gale__websocket_answer){ 0 };
    GALE_TRY(gale__websocket_accept((gale_str){ asked->key, strlen(asked->key) }, accept));
    if (strcasecmp(header(headers, GALE__HTTP_UPGRADE).data, "websocket") != 0)
        return refuse(ret_answer, "Upgrade is not \"websocket\"");
    if (!gale__http_list_has(header(headers, GALE__HTTP_CONNECTION), GALE_STR("upgrade")))
        return refuse(ret_answer, "Connection is not \"Upgrade\"");
    if (strcmp(header(headers, GALE__HTTP_SEC_WEBSOCKET_ACCEPT).data, accept) != 0)
        return refuse(ret_answer, "Sec-WebSocket-Accept does not fit the key");
    GALE_TRY(check_subprotocol(asked, headers, ret_answer));
    return check_extensions(asked, headers, ret_answer);
}
