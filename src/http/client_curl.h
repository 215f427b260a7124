/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GALE_HTTP_CLIENT_CURL_H
#define GALE_HTTP_CLIENT_CURL_H

#include "http/client.h"

#if GALE_CURL
extern const gale__client_implementation gale__client_curl;
#endif

#endif
