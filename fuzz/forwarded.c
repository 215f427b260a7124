/* SPDX-License-Identifier: Apache-2.0 */
/* The header Forwarded, and each input as a network. */
#include "proto/forwarded.h"

#include "fuzz.h"
#include "net/network.h"

static void check_part(gale_str part, const char *input, size_t size)
{
    CHECK(!part.data || (part.data >= input && part.data + part.len <= input + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = fuzz_copy(data, size);
    gale_str value = { input, size };
    gale__forwarded element;
    int result;
    for (size_t before = size; (result = gale__forwarded_next(&value, &element)) > 0;
         before = value.len) {
        CHECK(value.len < before);
        check_part(element.node, input, size);
        check_part(element.protocol, input, size);
        check_part(element.host, input, size);
        check_part(gale__forwarded_address(element.node), input, size);
    }
    CHECK(result == 0 || result == GALE_EINPUT);
    free(input);
    char *text = malloc(size + 1);
    CHECK(text);
    memcpy(text, data, size);
    text[size] = '\0';
    gale__network network;
    gale__address address = { .family = AF_INET };
    if (gale__network_parse(text, &network) == 0)
        gale__network_contains(&network, &address);
    free(text);
    return 0;
}
