#include "core/host/log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

enum {
    LINE_MAX_BYTES = 1024,
};

static const char *
level_name(enum fwl_log_level level)
{
    switch (level) {
    case FWL_LOG_DEBUG: return "debug";
    case FWL_LOG_INFO: return "info";
    case FWL_LOG_UNUSUAL: return "unusual";
    case FWL_LOG_BROKEN: return "broken";
    }
    return "unknown";
}

static void
time_text(char out[32])
{
    struct timespec now;
    struct tm utc;
    size_t used = 0;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    used = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out + used, 32 - used, ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000);
}

/* The pairs inside a JSON string: quotes, backslashes and control characters become safe. */
static void
json_safe(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *text = '\'';
        } else if ((unsigned char)*text < ' ') {
            *text = ' ';
        }
    }
}

void
fwl_log(const struct fwl_log *log, enum fwl_log_level level, const char *module, const char *message,
        const char *format, ...)
{
    char when[32];
    char pairs[LINE_MAX_BYTES / 2];
    char line[LINE_MAX_BYTES];
    int used = 0;
    va_list args;

    if (log == NULL || log->to == NULL || level < log->level) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(pairs, sizeof(pairs), format, args);
    va_end(args);
    time_text(when);
    if (log->json) {
        json_safe(pairs);
    }
    used = snprintf(line, sizeof(line),
                    log->json
                        ? "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%s\",\"message\":\"%s\",\"pairs\":\"%s\"}\n"
                        : "%s %s %s: %s %s\n",
                    when, level_name(level), module, message, pairs);
    if (used > 0) {
        size_t size = FWL_MIN((size_t)used, sizeof(line) - 1);

        line[size - 1] = '\n';
        (void)fwrite(line, 1, size, log->to);
        (void)fflush(log->to);
    }
}
