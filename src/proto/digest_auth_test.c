/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <stdio.h>

#include "proto/digest_auth.h"

#define NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define CHALLENGE "Digest realm=\"http-auth@example.org\", nonce=\"" NONCE "\""

static gale__pool pool;
static gale__arena arena;
static gale__digest_auth auth;
static gale__buffer out;

static void open_all(void)
{
    gale__pool_init(&pool, GALE__ARENA_BLOCK, 0);
    gale__arena_init(&arena, &pool);
    gale__buffer_init(&out, SIZE_MAX);
}

static void close_all(void)
{
    gale__buffer_clear(&out);
    gale__arena_clear(&arena);
    gale__pool_close(&pool);
}

static int choose(const char *header)
{
    return gale__digest_auth_choose(&auth, &arena, (gale_str){ header, strlen(header) });
}

static int write(const char *username)
{
    const gale__digest_request request = { GALE_STR("GET"),
                                           GALE_STR("/dir/index.html"),
                                           { username, strlen(username) },
                                           GALE_STR("Circle of Life") };
    if (!auth.cnonce[0])
        strcpy(auth.cnonce, CNONCE);
    gale__buffer_clear(&out);
    return gale__digest_auth_write(&auth, &request, &out);
}

static void expect_part(const char *part)
{
    gale_str text = gale__buffer_str(&out);
    if (!memmem(text.data, text.len, part, strlen(part)))
        assert_str(text, part);
}

/* RFC 7616 §3.9.1, and the other algorithms computed with Python's hashlib. */
TEST(every_algorithm)
{
    static const char *const cases[][2] = {
        { "MD5", "8ca523f5e9506fed4657c9700eebdbec" },
        { "md5-SESS", "e783283f46242139c486a698fec7211d" },
        { "SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
        { "SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7" },
        { "SHA-512-256", "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0" },
        { "SHA-512-256-sess", "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e" },
    };
    open_all();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[300], response[100];
        snprintf(header, sizeof header, CHALLENGE ", qop=\"auth-int, auth\", algorithm=%s",
                 cases[i][0]);
        snprintf(response, sizeof response, "response=\"%s\"", cases[i][1]);
        assert_int_equal(choose(header), 1);
        assert_ok(write("Mufasa"));
        expect_part(response);
    }
    close_all();
}

TEST(credentials)
{
    open_all();
    assert_int_equal(choose(CHALLENGE ", qop=\"auth\", opaque=\"o\\\"p\", algorithm=MD5"), 1);
    assert_ok(write("Mufasa"));
    assert_str(gale__buffer_str(&out),
               "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"" NONCE
               "\", uri=\"/dir/index.html\", response=\"8ca523f5e9506fed4657c9700eebdbec\", "
               "algorithm=MD5, opaque=\"o\\\"p\", qop=auth, nc=00000001, cnonce=\"" CNONCE "\"");
    assert_ok(write("Mufasa"));
    expect_part("nc=00000002");
    expect_part("response=\"4b5d595ecf2db9df612ea5b45cd97101\"");
    close_all();
}

TEST(without_qop)
{
    open_all();
    assert_int_equal(choose(CHALLENGE), 1);
    assert_ok(write("Mufasa"));
    assert_str(gale__buffer_str(&out),
               "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", nonce=\"" NONCE
               "\", uri=\"/dir/index.html\", response=\"7b2cc3b30e75b4777ea31027084363fd\"");
    close_all();
}

TEST(names)
{
    open_all();
    assert_int_equal(choose(CHALLENGE ", qop=auth"), 1);
    assert_ok(write("J\xc3\xa4s\xc3\xb8n *"));
    expect_part("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20%2A, realm=");
    assert_ok(write("a\"b\\c"));
    expect_part("username=\"a\\\"b\\\\c\"");
    assert_error(write("a\nb"), GALE_EINVALID);
    assert_int_equal(
        choose("Digest realm=\"api@example.org\", nonce=n, qop=auth, algorithm=SHA-256, "
               "userhash=true"),
        1);
    assert_ok(write("J\xc3\xa4s\xc3\xb8n Doe"));
    expect_part("username=\"5a1a8a47df5c298551b9b42ba9b05835174a5bd7d511ff7fe9191d8e946fc4e7\"");
    expect_part("userhash=true");
    close_all();
}

TEST(the_best_challenge_is_chosen)
{
    open_all();
    assert_int_equal(choose("Basic realm=\"b\", Digest realm=\"m\", nonce=1, algorithm=MD5, Digest "
                            "realm=\"s\", nonce=2, algorithm=SHA-256, stale=TRUE, Digest "
                            "realm=\"x\", nonce=3, algorithm=SHA-3"),
                     1);
    assert_str(auth.realm, "s");
    assert_true(auth.stale);
    assert_int_equal(choose("Basic realm=\"b\""), 0);
    assert_int_equal(choose("Digest realm=\"b\", nonce=1, qop=\"auth-int\""), 0);
    assert_int_equal(choose("Digest realm=\"b\""), 0);
    assert_int_equal(choose("Digest nonce=\"b\""), 0);
    assert_int_equal(choose("Digest realm=\"b"), 0);
    close_all();
}

TEST(a_nonce_of_ones_own)
{
    open_all();
    assert_int_equal(choose(CHALLENGE ", qop=auth"), 1);
    const gale__digest_request request = { GALE_STR("GET"), GALE_STR("/"), GALE_STR("u"),
                                           GALE_STR("p") };
    assert_ok(gale__digest_auth_write(&auth, &request, &out));
    assert_int_equal(strlen(auth.cnonce), 32);
    close_all();
}

static int use(void)
{
    int result = choose(CHALLENGE ", qop=auth, opaque=\"x\"");
    if (result > 0)
        result = write("Mufasa");
    gale__buffer_clear(&out);
    gale__arena_clear(&arena);
    gale__pool_close(&pool);
    return result;
}

TEST(every_allocation_may_fail)
{
    size_t n = 0;
    int result;
    do {
        open_all();
        test_fail_allocation(++n);
        result = use();
        assert_int_equal(result, test_allocation_failed() ? -ENOMEM : 0);
    } while (test_allocation_failed());
    assert_true(n > 2);
}

GALE_TEST_MAIN
