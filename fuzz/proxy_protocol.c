/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/proxy_protocol.h"

#include "fuzz.h"

static int parse(const uint8_t *data, size_t size, gale__proxied *ret_client)
{
    char *exact = fuzz_copy(data, size);
    int result = gale__proxy_protocol_parse((gale_str){ exact, size }, ret_client);
    free(exact);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale__proxied client, again;
    int result = parse(data, size, &client);
    CHECK(result == GALE_EINPUT || (result >= 0 && (size_t)result <= size));
    CHECK(result != 0 || size < GALE__PROXY_V2_MAX);
    if (result > 0) { /* what is behind the header does not matter, and less is not enough */
        CHECK(parse(data, (size_t)result, &again) == result);
        CHECK(!memcmp(&client, &again, sizeof client));
        CHECK(parse(data, (size_t)result - 1, &again) == 0);
        CHECK(client.version == 0 || client.version == 4 || client.version == 6);
    } else {
        CHECK(client.version == 0 || result == GALE_EINPUT);
    }
    return 0;
}
