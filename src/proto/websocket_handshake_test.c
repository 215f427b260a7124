/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/websocket_handshake.h"

#include "test.h"

static gale_str str(const char *text)
{
    return (gale_str){ text, strlen(text) };
}

/* The example of RFC 6455 §1.3. */
TEST(the_answer_to_a_key)
{
    char out[GALE__WEBSOCKET_ACCEPT_SIZE + 1];
    assert_ok(gale__websocket_accept(GALE_STR("dGhlIHNhbXBsZSBub25jZQ=="), out));
    assert_string_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(keys_are_sixteen_bytes)
{
    char one[GALE__WEBSOCKET_KEY_SIZE + 1], other[GALE__WEBSOCKET_KEY_SIZE + 1];
    assert_ok(gale__websocket_make_key(one));
    assert_ok(gale__websocket_make_key(other));
    assert_string_not_equal(one, other);
    assert_true(gale__websocket_key_valid(str(one)));
    assert_true(gale__websocket_key_valid(GALE_STR("dGhlIHNhbXBsZSBub25jZQ==")));
    static const char *const invalid[] = {
        "",
        "x",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZTEx",
        "dGhlIHNhbXBsZSBub25jZ!==",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        assert_false(gale__websocket_key_valid(str(invalid[i])));
}

static const gale__websocket_deflate plain = { false, false, 15, 15 };
static const gale__websocket_deflate frugal = { true, true, 12, 10 };

/* What a server that wants this answers to the offers; "" when it accepts none, and
 * "malformed". */
static const char *answer(const gale__websocket_deflate *wanted, const char *offers)
{
    static char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX];
    gale__websocket_deflate agreed;
    int result = gale__websocket_deflate_accept(str(offers), wanted, &agreed);
    if (result <= 0)
        return result < 0 ? "malformed" : "";
    return gale__websocket_deflate_answer(&agreed, out);
}

TEST(a_server_accepts_an_offer)
{
    static const struct {
        const char *offers, *plain, *frugal;
    } cases[] = {
        { "", "", "" },
        { "permessage-deflate", "permessage-deflate",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=12" },
        { "permessage-deflate; client_max_window_bits", "permessage-deflate",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=12; client_max_window_bits=10" },
        { "permessage-deflate; client_max_window_bits=9; server_max_window_bits=\"8\"",
          "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=8; client_max_window_bits=9" },
        { "PerMessage-Deflate;Server_No_Context_Takeover;client_no_context_takeover",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
          "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=12" },
        { "x-webkit-deflate-frame, permessage-deflate", "permessage-deflate", NULL },
        { " , ,permessage-deflate ; server_max_window_bits = 10 , other",
          "permessage-deflate; server_max_window_bits=10", NULL },
        { "permessage-deflate; unknown, permessage-deflate; client_max_window_bits",
          "permessage-deflate", NULL },
        { "permessage-deflate; server_max_window_bits=99, permessage-deflate", "permessage-deflate",
          NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(answer(&plain, cases[i].offers), cases[i].plain);
        if (cases[i].frugal)
            assert_string_equal(answer(&frugal, cases[i].offers), cases[i].frugal);
    }
}

TEST(a_server_declines_what_it_does_not_understand)
{
    static const char *const offers[] = {
        "foo",
        "permessage-deflate-2",
        "permessage-deflate; foo",
        "permessage-deflate; foo=1",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=1000000000000000000000",
        ",",
    };
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
        assert_string_equal(answer(&plain, offers[i]), "");
}

TEST(a_list_that_is_malformed)
{
    static const char *const offers[] = {
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"9",
        "permessage-deflate; client_max_window_bits=\"\"",
        "permessage-deflate;",
        "permessage-deflate;;",
        "permessage-deflate foo",
        "=permessage-deflate",
        "\"permessage-deflate\"",
        "permessage-deflate, permessage-deflate=",
    };
    for (size_t i = 0; i < sizeof offers / sizeof offers[0]; i++)
        assert_string_equal(answer(&plain, offers[i]), "malformed");
}

TEST(what_a_client_offers)
{
    char out[GALE__WEBSOCKET_DEFLATE_TEXT_MAX];
    assert_string_equal(gale__websocket_deflate_offer(&plain, out),
                        "permessage-deflate; client_max_window_bits");
    assert_string_equal(gale__websocket_deflate_offer(&frugal, out),
                        "permessage-deflate; server_no_context_takeover; "
                        "client_no_context_takeover; server_max_window_bits=12; "
                        "client_max_window_bits=10");
}

static void assert_agrees(const gale__websocket_deflate *offered, const char *text,
                          gale__websocket_deflate expected)
{
    gale__websocket_deflate agreed;
    assert_int_equal(gale__websocket_deflate_agree(str(text), offered, &agreed), 1);
    assert_int_equal(agreed.server_no_context_takeover, expected.server_no_context_takeover);
    assert_int_equal(agreed.client_no_context_takeover, expected.client_no_context_takeover);
    assert_int_equal(agreed.server_max_window_bits, expected.server_max_window_bits);
    assert_int_equal(agreed.client_max_window_bits, expected.client_max_window_bits);
}

TEST(a_client_agrees)
{
    gale__websocket_deflate agreed;
    assert_int_equal(gale__websocket_deflate_agree(GALE_STR(" "), &plain, &agreed), 0);
    assert_agrees(&plain, "permessage-deflate", plain);
    assert_agrees(&plain, "permessage-deflate; server_max_window_bits=10; client_max_window_bits=9",
                  (gale__websocket_deflate){ false, false, 10, 9 });
    assert_agrees(&plain,
                  "permessage-deflate; client_no_context_takeover; server_no_context_takeover",
                  (gale__websocket_deflate){ true, true, 15, 15 });
    assert_agrees(&frugal,
                  "permessage-deflate; server_no_context_takeover; server_max_window_bits=9",
                  (gale__websocket_deflate){ true, true, 9, 10 });
    /* As Tornado's server, which does not know of parameters without a value. */
    assert_agrees(&frugal, "permessage-deflate; server_max_window_bits=12",
                  (gale__websocket_deflate){ false, true, 12, 10 });
}

TEST(a_client_refuses_what_it_has_not_offered)
{
    static const char *const answers[] = {
        "foo",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate; foo",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
        "permessage-deflate;",
    };
    gale__websocket_deflate agreed;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        assert_int_equal(gale__websocket_deflate_agree(str(answers[i]), &plain, &agreed),
                         GALE_EINPUT);
    assert_int_equal(
        gale__websocket_deflate_agree(
            GALE_STR("permessage-deflate; server_no_context_takeover; server_max_window_bits=13"),
            &frugal, &agreed),
        GALE_EINPUT);
}

GALE_TEST_MAIN
