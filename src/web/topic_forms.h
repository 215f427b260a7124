/* SPDX-License-Identifier: Apache-2.0 */
/* What published messages are made into for the connections of this floor. Compressed frames have
 * the numbers of gale__websocket_compression_kind, which are 1 << 16 or more. */
#ifndef GALE_WEB_TOPIC_FORMS_H
#define GALE_WEB_TOPIC_FORMS_H

enum {
    GALE__TOPIC_FORM_FRAME = 1, /* of a WebSocket */
    GALE__TOPIC_FORM_EVENT = 2  /* of an event stream */
};

#endif
