/* SPDX-License-Identifier: Apache-2.0 */
/* Signed values: no text verifies but what was signed; what is signed does. */
#include <gale/log.h>

#include "fuzz.h"
#include "proto/http1_body.h"
#include "proto/signed_value.h"

static const gale_str secret = { "It's a secret to everybody", 26 }, name = { "key", 3 };
enum { NOW = 1300000000, MAX_AGE = 31 * 86400 };

static int verify(gale_str text, gale_str key, double now, gale__buffer *out)
{
    gale__signed_value value;
    GALE_TRY(gale__signed_value_parse(&value, text));
    CHECK(value.version == 1 || value.version == 2);
    CHECK(value.key_version >= 0);
    return gale__signed_value_verify(&value, secret, key, now, MAX_AGE, out);
}

/* Only the seeds that were signed with the secret verify. */
static void read_text(gale_str text)
{
    gale__buffer out;
    gale__buffer_init(&out, SIZE_MAX);
    int result = verify(text, name, NOW, &out);
    CHECK(result == 0 || result == GALE_EINPUT);
    if (result == 0) {
        gale__buffer again;
        gale__buffer_init(&again, SIZE_MAX);
        gale__signed_value value;
        CHECK(gale__signed_value_parse(&value, text) == 0);
        uint64_t time;
        CHECK(gale__http_parse_int(value.time, &time) == 0);
        CHECK(gale__signed_value_write(&again, value.version, secret, value.key_version, name,
                                       gale__buffer_str(&out), (int64_t)time) == 0);
        CHECK(again.size == text.len &&
              !memcmp(gale__buffer_str(&again).data, text.data, text.len));
        gale__buffer_clear(&again);
    }
    gale__buffer_clear(&out);
    gale_str rest = text;
    int version = gale__signed_value_version(&rest);
    CHECK(version >= 0 && version <= 1000 && (version == 0) == (rest.len == text.len));
}

static void sign_and_read(gale_str value, int version)
{
    gale__buffer signed_text, out;
    gale__buffer_init(&signed_text, SIZE_MAX);
    gale__buffer_init(&out, SIZE_MAX);
    CHECK(gale__signed_value_write(&signed_text, version, secret, version == 1 ? 0 : 7, name, value,
                                   NOW) == 0);
    gale_str text = gale__buffer_str(&signed_text);
    CHECK(verify(text, name, NOW, &out) == 0);
    CHECK(out.size == value.len && !memcmp(gale__buffer_str(&out).data, value.data, value.len));
    gale__buffer_clear(&out);
    CHECK(verify(text, GALE_STR("kez"), NOW, &out) == GALE_EINPUT);
    CHECK(verify(text, name, (double)NOW + MAX_AGE + 1, &out) == GALE_EINPUT);
    gale__buffer_clear(&signed_text);
}

static void silent(const gale_log_record *record, void *arg)
{
    (void)record;
    (void)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gale_log_set_hook(silent, NULL);
    char *input = fuzz_copy(data, size);
    gale_str text = { input, size };
    read_text(text);
    sign_and_read(text, 1);
    sign_and_read(text, 2);
    free(input);
    return 0;
}
