/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net_test.h"

#include <stdlib.h>

#include "net/segments.h"

static gale_ioloop *loop;
static gale__net *net;
static gale__segments segments;

static void begin(void)
{
    loop = gale_ioloop_new(NULL);
    net = gale__net_of(loop);
    assert_non_null(net);
    assert_ptr_equal(gale__net_of(loop), net);
    segments = (gale__segments){ 0 };
}

static void end(void)
{
    gale__segments_clear(&segments, net);
    assert_int_equal(net->segments.used, 0);
    gale_ioloop_free(loop);
}

static void append(const char *text)
{
    assert_ok(gale__segments_append(&segments, net, text, strlen(text)));
}

/* All that is queued. */
static gale_str content(void)
{
    static char text[100000];
    size_t size = 0;
    for (const gale__segment *segment = segments.first; segment; segment = segment->next) {
        assert_true(size + segment->size <= sizeof text);
        memcpy(text + size, segment->data, segment->size);
        size += segment->size;
    }
    assert_int_equal(size, segments.size);
    return (gale_str){ text, size };
}

TEST(small_pieces_share_a_block)
{
    begin();
    append("one ");
    append("");
    append("two ");
    char *room = gale__segments_reserve(&segments, net, 5);
    memcpy(room, "three", 5);
    gale__segments_commit(&segments, 5);
    assert_str(content(), "one two three");
    assert_ptr_equal(segments.first, segments.last);
    assert_int_equal(net->segments.used, 1);
    end();
}

TEST(large_pieces_have_blocks_of_their_own)
{
    begin();
    char *large = malloc(50000);
    memset(large, 'x', 50000);
    append("small");
    assert_ok(gale__segments_append(&segments, net, large, 50000));
    append("small");
    gale_str all = content();
    assert_int_equal(all.len, 50010);
    assert_memory_equal(all.data + 5, large, 50000);
    assert_int_equal(net->segments.used, 2);
    assert_null(gale__segments_grow(&segments, net, SIZE_MAX - 10));
    free(large);
    end();
}

static int releases;

static void on_release(void *arg)
{
    assert_string_equal(arg, "given");
    releases++;
}

TEST(shared_and_given_bytes_are_not_copied)
{
    begin();
    releases = 0;
    char given[] = "given";
    gale_bytes *bytes = gale_bytes_new("shared", 6);
    append("a ");
    assert_ok(gale__segments_share(&segments, net, bytes));
    assert_ok(gale__segments_give(&segments, net, given, 5, on_release, given));
    append(" b");
    assert_str(content(), "a sharedgiven b");
    gale_bytes_unref(bytes); /* the queue has a reference */
    gale__segments_consume(&segments, net, 10);
    assert_str(content(), "ven b");
    assert_int_equal(releases, 0);
    gale__segments_consume(&segments, net, 3);
    assert_int_equal(releases, 1);
    assert_str(content(), " b");
    assert_ok(gale__segments_give(&segments, net, given, 5, on_release, given));
    end();
    assert_int_equal(releases, 2);
}

TEST(consumes_any_amount)
{
    for (size_t cut = 0; cut <= 18; cut++) {
        begin();
        gale_bytes *bytes = gale_bytes_new("shared", 6), *empty = gale_bytes_new("", 0);
        append("first ");
        assert_ok(gale__segments_share(&segments, net, bytes));
        assert_ok(gale__segments_share(&segments, net, empty));
        append("fourth");
        gale__segments_consume(&segments, net, cut);
        assert_str(content(), &"first sharedfourth"[cut]);
        assert_true((segments.first == NULL) == (segments.last == NULL));
        append("!");
        gale__segments_consume(&segments, net, segments.size);
        assert_int_equal(segments.size, 0);
        gale_bytes_unref(bytes);
        gale_bytes_unref(empty);
        end();
    }
}

TEST(splice_moves_everything)
{
    begin();
    gale__segments other = { 0 };
    assert_ok(gale__segments_splice(&segments, &other, net));
    assert_null(segments.first);
    assert_ok(gale__segments_append(&other, net, "other", 5));
    assert_ok(gale__segments_splice(&segments, &other, net));
    assert_null(other.first);
    assert_int_equal(other.size, 0);
    append(" own");
    assert_ok(gale__segments_append(&other, net, " more", 5));
    assert_ok(gale__segments_splice(&segments, &other, net));
    append(" end");
    assert_str(content(), "other own more end");
    end();
}

TEST(each_allocation_may_fail)
{
    int ways = 3;
    for (int way = 0; way < ways; way++) {
        begin();
        gale_bytes *bytes = gale_bytes_new("shared", 6);
        char text[20000] = "x";
        test_fail_allocation(1);
        int result = way == 0   ? gale__segments_append(&segments, net, "x", 1)
                     : way == 1 ? gale__segments_append(&segments, net, text, sizeof text)
                                : gale__segments_share(&segments, net, bytes);
        test_fail_allocation(0);
        assert_int_equal(result, -ENOMEM);
        assert_int_equal(segments.size, 0);
        append("afterwards");
        assert_str(content(), "afterwards");
        gale_bytes_unref(bytes);
        end();
    }
}

TEST(what_is_embedded_is_copied_when_it_moves)
{
    begin();
    gale__segments from = { 0 };
    gale__segment segment;
    char room[4];
    gale__segments_embed(&from, &segment, room, sizeof room);
    assert_ok(gale__segments_append(&from, net, "abcd", 4));
    assert_ptr_equal(from.first, &segment);
    assert_ok(gale__segments_append(&from, net, "ef", 2));
    assert_ok(gale__segments_splice(&segments, &from, net));
    assert_int_equal(from.size, 0);
    assert_null(from.first);
    assert_int_equal(segments.size, 6);
    memset(room, 0, sizeof room);
    assert_memory_equal(segments.first->data, "abcd", 4);
    assert_memory_equal(segments.first->next->data, "ef", 2);
    gale__segments_embed(&from, &segment, room, sizeof room);
    gale__segments_clear(&from, net);
    assert_null(from.first);
    end();
}

GALE_TEST_MAIN
