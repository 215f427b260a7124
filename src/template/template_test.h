/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of templates share. */
#ifndef GALE_TEMPLATE_TEST_H
#define GALE_TEMPLATE_TEST_H

#include <gale/template.h>

#include "test.h"

static inline gale_template *compiled(const char *source, const gale_template_options *options)
{
    gale_template *page = gale_template_new((gale_str){ source, strlen(source) }, NULL, options);
    if (!page)
        fail_msg("%s: %s", source, gale_error_detail());
    return page;
}

static inline void assert_generates(gale_template *page, json_t *values, const char *expected)
{
    gale_bytes *result = page ? gale_template_generate(page, values, NULL) : NULL;
    if (!result)
        fail_msg("%s", gale_error_detail());
    assert_str(gale_bytes_str(result), expected);
    gale_bytes_unref(result);
}

static inline void renders_with(const char *source, const gale_template_options *options,
                                json_t *values, const char *expected)
{
    gale_template *page = compiled(source, options);
    assert_generates(page, values, expected);
    gale_template_free(page);
}

static inline void renders(const char *source, json_t *values, const char *expected)
{
    renders_with(source, NULL, values, expected);
}

static inline void is_refused(const char *source, const char *detail)
{
    gale_template *page = gale_template_new((gale_str){ source, strlen(source) }, NULL, NULL);
    assert_null(page);
    assert_string_equal(gale_error_detail(), detail);
}

static inline void fails_with(const char *source, const gale_template_options *options,
                              json_t *values, const char *detail)
{
    gale_template *page = compiled(source, options);
    assert_null(gale_template_generate(page, values, NULL));
    assert_string_equal(gale_error_detail(), detail);
    gale_template_free(page);
}

static inline void fails(const char *source, json_t *values, const char *detail)
{
    fails_with(source, NULL, values, detail);
}

static inline void loads(gale_template_loader *loader, const char *name, json_t *values,
                         const char *expected)
{
    assert_generates(gale_template_loader_load(loader, name, NULL), values, expected);
}

static inline void load_fails(gale_template_loader *loader, const char *name, const char *detail)
{
    gale_template *page = gale_template_loader_load(loader, name, NULL);
    if (page)
        assert_null(gale_template_generate(page, NULL, NULL));
    assert_string_equal(gale_error_detail(), detail);
}

static inline gale_template_loader *sources(json_t *object, const gale_template_options *options)
{
    gale_template_loader *loader = gale_template_dict_loader_new(object, options);
    assert_non_null(loader);
    return loader;
}

static inline json_t *text(const char *name, const char *value)
{
    return json_pack("{s:s}", name, value);
}

#endif
