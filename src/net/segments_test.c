/* SPDX-License-Identifier: Apache-2.0 */
#include "net/net_test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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
    for (gale__segment *segment = segments.first; segment; segment = segment->next) {
        const gale__file_range *range = gale__segment_file(segment);
        assert_true(size + segment->size <= sizeof text);
        if (range)
            assert_int_equal(pread(range->fd, text + size, range->size, range->offset),
                             segment->size);
        else
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

/* A file of that many bytes, each the last letter of its offset. */
static int file_of(size_t size)
{
    int fd = memfd_create("file", MFD_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(write(fd, &"0123456789"[i % 10], 1), 1);
    return fd;
}

TEST(bytes_of_a_file_stand_between_others)
{
    begin();
    append("before ");
    assert_ok(gale__segments_file(&segments, net, file_of(20000), 3, 10000));
    append(" behind");
    assert_int_equal(segments.size, 10014);
    gale_str text = content();
    assert_memory_equal(text.data, "before 3456", 11);
    assert_memory_equal(text.data + 10005, "12 behind", 9);
    gale__segments_consume(&segments, net, 8);
    assert_memory_equal(content().data, "4567", 4);
    gale__segments_consume(&segments, net, 9998);
    assert_str(content(), "2 behind");
    gale__segments_consume(&segments, net, 1);
    assert_str(content(), " behind");
    end();
}

TEST(a_file_is_closed_with_its_segment)
{
    begin();
    int fd = file_of(9000);
    assert_ok(gale__segments_file(&segments, net, fd, 0, 9000));
    gale__segments other = { 0 };
    assert_ok(gale__segments_splice(&other, &segments, net));
    assert_true(fcntl(fd, F_GETFD) >= 0);
    gale__segments_clear(&other, net);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    end();
}

TEST(a_file_that_is_not_taken_is_closed)
{
    begin();
    int fd = file_of(100);
    assert_error(gale__segments_file(&segments, net, fd, 0, 100), GALE_EINVALID);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    test_fail_allocation(1);
    assert_error(gale__segments_file(&segments, net, file_of(100), 0, 9000), -ENOMEM);
    end();
}

GALE_TEST_MAIN
