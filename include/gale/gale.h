/* SPDX-License-Identifier: Apache-2.0 */
/* gale/gale.h: everything. */
#ifndef GALE_GALE_H
#define GALE_GALE_H

#include <gale/auth.h>
#include <gale/autoreload.h>
#include <gale/core.h>
#include <gale/escape.h>
#include <gale/eventsource.h>
#include <gale/gen.h>
#include <gale/httpclient.h>
#include <gale/httpserver.h>
#include <gale/httputil.h>
#include <gale/ioloop.h>
#include <gale/iostream.h>
#include <gale/json.h>
#include <gale/locale.h>
#include <gale/locks.h>
#include <gale/log.h>
#include <gale/middleware.h>
#include <gale/netutil.h>
#include <gale/options.h>
#include <gale/process.h>
#include <gale/pubsub.h>
#include <gale/queues.h>
#include <gale/routing.h>
#include <gale/ssl.h>
#include <gale/tcpclient.h>
#include <gale/tcpserver.h>
#include <gale/template.h>
#include <gale/testing.h>
#include <gale/web.h>
#include <gale/websocket.h>

#endif
