/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/content_type.h"

#include <string.h>

#define UNKNOWN "application/octet-stream"

typedef struct suffix_type {
    char suffix[12]; /* in lower case */
    const char *type;
} suffix_type;

/* In the order of their bytes. */
static const suffix_type types[] = {
    { "3g2", "audio/3gpp2" },
    { "3gp", "audio/3gpp" },
    { "7z", "application/x-7z-compressed" },
    { "aac", "audio/aac" },
    { "ai", "application/postscript" },
    { "aif", "audio/x-aiff" },
    { "aifc", "audio/x-aiff" },
    { "aiff", "audio/x-aiff" },
    { "apng", "image/apng" },
    { "atom", "application/atom+xml" },
    { "au", "audio/basic" },
    { "avi", "video/x-msvideo" },
    { "avif", "image/avif" },
    { "bat", "text/plain" },
    { "bmp", "image/bmp" },
    { "br", UNKNOWN },
    { "bz2", UNKNOWN },
    { "c", "text/plain" },
    { "cjs", "text/javascript" },
    { "conf", "text/plain" },
    { "cpio", "application/x-cpio" },
    { "csh", "application/x-csh" },
    { "css", "text/css" },
    { "csv", "text/csv" },
    { "deb", "application/vnd.debian.binary-package" },
    { "doc", "application/msword" },
    { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
    { "dot", "application/msword" },
    { "dvi", "application/x-dvi" },
    { "eml", "message/rfc822" },
    { "eot", "application/vnd.ms-fontobject" },
    { "eps", "application/postscript" },
    { "epub", "application/epub+zip" },
    { "etx", "text/x-setext" },
    { "flac", "audio/flac" },
    { "gif", "image/gif" },
    { "gpx", "application/gpx+xml" },
    { "gtar", "application/x-gtar" },
    { "gz", "application/gzip" },
    { "h", "text/plain" },
    { "hdf", "application/x-hdf" },
    { "heic", "image/heic" },
    { "heif", "image/heif" },
    { "htm", "text/html" },
    { "html", "text/html" },
    { "ico", "image/vnd.microsoft.icon" },
    { "ics", "text/calendar" },
    { "ief", "image/ief" },
    { "jar", "application/java-archive" },
    { "jpe", "image/jpeg" },
    { "jpeg", "image/jpeg" },
    { "jpg", "image/jpeg" },
    { "js", "text/javascript" },
    { "json", "application/json" },
    { "jsonld", "application/ld+json" },
    { "jxl", "image/jxl" },
    { "ksh", "text/plain" },
    { "latex", "application/x-latex" },
    { "log", "text/plain" },
    { "m1v", "video/mpeg" },
    { "m3u", "application/vnd.apple.mpegurl" },
    { "m3u8", "application/vnd.apple.mpegurl" },
    { "m4a", "audio/mp4" },
    { "m4v", "video/mp4" },
    { "map", "application/json" },
    { "md", "text/markdown" },
    { "mht", "message/rfc822" },
    { "mhtml", "message/rfc822" },
    { "mid", "audio/midi" },
    { "midi", "audio/midi" },
    { "mjs", "text/javascript" },
    { "mkv", "video/x-matroska" },
    { "mov", "video/quicktime" },
    { "mp2", "audio/mpeg" },
    { "mp3", "audio/mpeg" },
    { "mp4", "video/mp4" },
    { "mpa", "video/mpeg" },
    { "mpd", "application/dash+xml" },
    { "mpe", "video/mpeg" },
    { "mpeg", "video/mpeg" },
    { "mpg", "video/mpeg" },
    { "n3", "text/n3" },
    { "nq", "application/n-quads" },
    { "nt", "application/n-triples" },
    { "odp", "application/vnd.oasis.opendocument.presentation" },
    { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
    { "odt", "application/vnd.oasis.opendocument.text" },
    { "oga", "audio/ogg" },
    { "ogg", "audio/ogg" },
    { "ogv", "video/ogg" },
    { "opus", "audio/opus" },
    { "otf", "font/otf" },
    { "p12", "application/x-pkcs12" },
    { "p7c", "application/pkcs7-mime" },
    { "pbm", "image/x-portable-bitmap" },
    { "pdf", "application/pdf" },
    { "pgm", "image/x-portable-graymap" },
    { "pl", "text/plain" },
    { "png", "image/png" },
    { "pnm", "image/x-portable-anymap" },
    { "ppm", "image/x-portable-pixmap" },
    { "ppt", "application/vnd.ms-powerpoint" },
    { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
    { "ps", "application/postscript" },
    { "py", "text/x-python" },
    { "qt", "video/quicktime" },
    { "rar", "application/vnd.rar" },
    { "ras", "image/x-cmu-raster" },
    { "rdf", "application/rdf+xml" },
    { "rss", "application/rss+xml" },
    { "rtf", "application/rtf" },
    { "rtx", "text/richtext" },
    { "sgm", "text/x-sgml" },
    { "sgml", "text/x-sgml" },
    { "sh", "application/x-sh" },
    { "snd", "audio/basic" },
    { "sql", "application/sql" },
    { "srt", "text/plain" },
    { "svg", "image/svg+xml" },
    { "svgz", "application/gzip" },
    { "swf", "application/x-shockwave-flash" },
    { "tar", "application/x-tar" },
    { "taz", "application/gzip" },
    { "tbz2", UNKNOWN },
    { "tex", "application/x-tex" },
    { "texi", "application/x-texinfo" },
    { "texinfo", "application/x-texinfo" },
    { "tgz", "application/gzip" },
    { "tif", "image/tiff" },
    { "tiff", "image/tiff" },
    { "toml", "application/toml" },
    { "trig", "application/trig" },
    { "ts", "video/mp2t" },
    { "tsv", "text/tab-separated-values" },
    { "ttf", "font/ttf" },
    { "ttl", "text/turtle" },
    { "txt", "text/plain" },
    { "txz", UNKNOWN },
    { "tz", "application/gzip" },
    { "vcf", "text/vcard" },
    { "vtt", "text/vtt" },
    { "wasm", "application/wasm" },
    { "wav", "audio/x-wav" },
    { "weba", "audio/webm" },
    { "webm", "video/webm" },
    { "webmanifest", "application/manifest+json" },
    { "webp", "image/webp" },
    { "woff", "font/woff" },
    { "woff2", "font/woff2" },
    { "wsdl", "application/wsdl+xml" },
    { "xbm", "image/x-xbitmap" },
    { "xhtml", "application/xhtml+xml" },
    { "xls", "application/vnd.ms-excel" },
    { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
    { "xml", "text/xml" },
    { "xpm", "image/x-xpixmap" },
    { "xsl", "application/xslt+xml" },
    { "xslt", "application/xslt+xml" },
    { "xwd", "image/x-xwindowdump" },
    { "xz", UNKNOWN },
    { "yaml", "application/yaml" },
    { "yml", "application/yaml" },
    { "z", UNKNOWN },
    { "zip", "application/zip" },
    { "zst", "application/zstd" },
};

enum { LONGEST_SUFFIX = sizeof types[0].suffix - 1 };

/* What follows the last dot of the name, in lower case. As in Python, dots that the name begins
 * with do not count. */
static bool suffix_of(gale_str path, char out[LONGEST_SUFFIX + 1])
{
    size_t begin = path.len, dot = path.len;
    while (begin > 0 && path.data[begin - 1] != '/')
        begin--;
    while (dot > begin && path.data[dot - 1] != '.')
        dot--;
    size_t size = path.len - dot;
    while (begin < path.len && path.data[begin] == '.')
        begin++;
    if (dot <= begin || size == 0 || size > LONGEST_SUFFIX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char byte = path.data[dot + i];
        out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
    }
    out[size] = '\0';
    return true;
}

const char *gale__content_type_of(gale_str path)
{
    char suffix[LONGEST_SUFFIX + 1];
    if (!suffix_of(path, suffix))
        return UNKNOWN;
    size_t low = 0, high = sizeof types / sizeof types[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(suffix, types[middle].suffix);
        if (order == 0)
            return types[middle].type;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return UNKNOWN;
}
