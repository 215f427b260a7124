/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation by time: when, and under which names. Both as Python's TimedRotatingFileHandler. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "app/log_file.h"

/* The length of a unit that is always as long; 0 for days of the calendar. */
static int64_t unit_seconds(const char *when)
{
    switch (*when | 32) {
    case 's':
        return 1;
    case 'h':
        return 3600;
    case 'd':
        return 86400;
    default:
        return strcasecmp(when, "m") == 0 ? 60 : 0;
    }
}

static bool is_weekly(const char *when)
{
    return (*when | 32) == 'w';
}

static int64_t midnight(int64_t time, int days_later)
{
    time_t seconds = (time_t)time;
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return time + 86400 * (int64_t)days_later;
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    local.tm_mday += days_later;
    local.tm_isdst = -1;
    return (int64_t)mktime(&local);
}

/* The end of the next day of the week that the rotation names, today's included. */
static int64_t week_end(const gale__log_rotation *rotation, int64_t time)
{
    time_t seconds = (time_t)time;
    struct tm local;
    int wanted = (rotation->when[1] - '0' + 1) % 7; /* Sunday is 0 in C */
    int days = localtime_r(&seconds, &local) ? (wanted - local.tm_wday + 7) % 7 : 0;
    return midnight(time, days + 1 + 7 * (rotation->interval - 1));
}

int64_t gale__log_rollover(const gale__log_rotation *rotation, int64_t start)
{
    int64_t unit = unit_seconds(rotation->when);
    return unit > 0                    ? start + unit * rotation->interval
           : is_weekly(rotation->when) ? week_end(rotation, start)
                                       : midnight(start, rotation->interval);
}

void gale__log_suffix(const gale__log_rotation *rotation, int64_t end, char *out)
{
    const char *when = rotation->when, *format = ".%Y-%m-%d";
    int64_t unit = unit_seconds(when) * rotation->interval;
    if (unit == 0)
        end = midnight(end, -(is_weekly(when) ? 7 : 1) * rotation->interval);
    else if (unit_seconds(when) < 86400)
        format = unit_seconds(when) == 1    ? ".%Y-%m-%d_%H-%M-%S"
                 : unit_seconds(when) == 60 ? ".%Y-%m-%d_%H-%M"
                                            : ".%Y-%m-%d_%H";
    time_t begin = (time_t)(end - unit);
    struct tm local;
    *out = '\0';
    if (localtime_r(&begin, &local))
        strftime(out, 32, format, &local);
}
