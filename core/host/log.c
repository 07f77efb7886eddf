#include "core/host/log.h"

#include <stdarg.h>
#include <string.h>
#include <time.h>

#include "core/cbor.h"

enum {
    LINE_MAX_BYTES = 1024,
    PAIRS_MAX_BYTES = 512,
};

const char *
fwl_log_level_name(enum fwl_log_level level)
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

/* What peers and files put into the pairs cannot begin a line, end a JSON string or command a terminal. */
static void
make_safe(char *text, bool json)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            *text = ' ';
        } else if (json && (*text == '"' || *text == '\\')) {
            *text = '\'';
        }
    }
}

/* Bytes that are no UTF-8 become "?"; a sequence that the cut has halved goes. */
static void
make_utf8(char *text, bool cut)
{
    struct fwl_span rest = fwl_span_text(text);

    for (;;) {
        size_t good = fwl_utf8_prefix(rest);

        if (good == rest.size) {
            return;
        }
        text += good;
        rest = fwl_span_text(text);
        if (cut && rest.size < 4) {
            *text = '\0';
            return;
        }
        *text = '?';
    }
}

void
fwl_log(const struct fwl_log *log, enum fwl_log_level level, const char *module, const char *message,
        const char *format, ...)
{
    char when[32];
    char pairs[PAIRS_MAX_BYTES];
    char line[LINE_MAX_BYTES];
    int used = 0;
    bool json = false;
    va_list args;

    if (log == NULL || log->to == NULL || level < log->level) {
        return;
    }
    json = log->json;
    va_start(args, format);
    used = vsnprintf(pairs, sizeof(pairs), format, args);
    va_end(args);
    if (used < 0) {
        pairs[0] = '\0';
    }
    make_safe(pairs, json);
    make_utf8(pairs, used >= (int)sizeof(pairs));
    time_text(when);
    if (json) {
        used = snprintf(line, sizeof(line),
                        "{\"time\":\"%s\",\"level\":\"%s\",\"module\":\"%s\",\"message\":\"%s\",\"pairs\":\"%s\"}\n",
                        when, fwl_log_level_name(level), module, message, pairs);
    } else {
        used = snprintf(line, sizeof(line), "%s %s %s: %s%s%s\n", when, fwl_log_level_name(level), module, message,
                        pairs[0] == '\0' ? "" : " ", pairs);
    }
    if (used > 0) {
        size_t size = FWL_MIN((size_t)used, sizeof(line) - 1);

        line[size - 1] = '\n';
        (void)fwrite(line, 1, size, log->to);
        (void)fflush(log->to);
    }
}
