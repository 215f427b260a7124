/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/content_type.h"

#include "proto/proto_test.h"

static void assert_type(const char *path, const char *type)
{
    assert_string_equal(gale__content_type_of(str(path)), type);
}

TEST(types_by_suffix)
{
    assert_type("robots.txt", "text/plain");
    assert_type("/srv/www.d/index.html", "text/html");
    assert_type("a/style.css", "text/css");
    assert_type("app.js", "text/javascript");
    assert_type("app.min.js.map", "application/json");
    assert_type("LOGO.PNG", "image/png");
    assert_type("sample.xml", "text/xml");
    assert_type("a.3gp", "audio/3gpp");
    assert_type("a.zst", "application/zstd");
    assert_type("font.woff2", "font/woff2");
    assert_type("a.webmanifest", "application/manifest+json");
}

TEST(compressed_files_are_what_they_are)
{
    assert_type("sample.xml.gz", "application/gzip");
    assert_type("a.tgz", "application/gzip");
    assert_type("a.svgz", "application/gzip");
    assert_type("sample.xml.bz2", "application/octet-stream");
    assert_type("a.tar.xz", "application/octet-stream");
    assert_type("a.css.br", "application/octet-stream");
    assert_type("a.Z", "application/octet-stream");
}

TEST(what_has_no_known_suffix)
{
    assert_type("", "application/octet-stream");
    assert_type("README", "application/octet-stream");
    assert_type("a.unheard-of", "application/octet-stream");
    assert_type("a.a-suffix-that-is-far-too-long", "application/octet-stream");
    assert_type("a.", "application/octet-stream");
    assert_type("dir.html/", "application/octet-stream");
    assert_type("dir.html/README", "application/octet-stream");
    assert_type(".html", "application/octet-stream");
    assert_type("..html", "application/octet-stream");
    assert_type("a/.profile.txt", "text/plain");
}

GALE_TEST_MAIN
