#include "ledger/model/name.h"

#include "core/limits.h"

static bool
is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool
is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

enum fwl_err
fwl_name_participant(struct fwl_span text)
{
    if (text.size == 0 || text.size > FWL_PARTICIPANT_ID_MAX || text.p[0] == '-') {
        return FWL_ERR_NAME;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.p[i];

        if (!is_lower(c) && !is_digit(c) && c != '-') {
            return FWL_ERR_NAME;
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_name_segment(struct fwl_span text)
{
    if (text.size == 0 || text.size > FWL_SEGMENT_MAX) {
        return FWL_ERR_NAME;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.p[i];
        bool sign = c == '.' || c == '_' || c == '+' || c == '~' || c == '-';

        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && !(sign && i > 0)) {
            return FWL_ERR_NAME;
        }
    }
    return FWL_OK;
}

enum fwl_err
fwl_name_param(struct fwl_span text)
{
    if (text.size == 0 || text.size > FWL_RULE_NAME_MAX || is_digit(text.p[0])) {
        return FWL_ERR_NAME;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.p[i];

        if (!is_lower(c) && !is_upper(c) && !is_digit(c) && c != '_') {
            return FWL_ERR_NAME;
        }
    }
    return FWL_OK;
}

/* Cuts @text at its slashes into exactly @count parts. */
static bool
split(struct fwl_span *parts, size_t count, struct fwl_span text)
{
    size_t start = 0;
    size_t found = 0;

    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.p[i] != '/') {
            continue;
        }
        if (found == count || i == start) {
            return false;
        }
        parts[found++] = fwl_span(text.p + start, i - start);
        start = i + 1;
    }
    return found == count;
}

enum fwl_err
fwl_name_region(struct fwl_span text)
{
    return text.size == 2 && is_upper(text.p[0]) && is_upper(text.p[1]) ? FWL_OK : FWL_ERR_NAME;
}

enum fwl_err
fwl_name_class(struct fwl_class_name *out, struct fwl_span text)
{
    struct fwl_span part[3];
    bool ok = split(part, 3, text);

    for (size_t i = 0; ok && i < 3; i++) {
        ok = fwl_name_segment(part[i]) == FWL_OK;
    }
    if (out != NULL) {
        *out = ok ? (struct fwl_class_name){.vendor = part[0], .model = part[1], .component = part[2]}
                  : (struct fwl_class_name){0};
    }
    return ok ? FWL_OK : FWL_ERR_NAME;
}

enum fwl_err
fwl_name_fleet(struct fwl_fleet_name *out, struct fwl_span text)
{
    struct fwl_span part[2];
    bool ok =
        split(part, 2, text) && fwl_name_participant(part[0]) == FWL_OK && fwl_name_participant(part[1]) == FWL_OK;

    if (out != NULL) {
        *out = ok ? (struct fwl_fleet_name){.administrator = part[0], .name = part[1]} : (struct fwl_fleet_name){0};
    }
    return ok ? FWL_OK : FWL_ERR_NAME;
}

enum fwl_err
fwl_name_pattern(struct fwl_span text)
{
    struct fwl_span part[3];

    if (!split(part, 3, text)) {
        return FWL_ERR_NAME;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!fwl_span_is(part[i], "*") && fwl_name_segment(part[i]) != FWL_OK) {
            return FWL_ERR_NAME;
        }
    }
    return FWL_OK;
}

bool
fwl_name_match(struct fwl_span pattern, struct fwl_span class_name)
{
    struct fwl_span p[3];
    struct fwl_span c[3];

    if (!split(p, 3, pattern) || !split(c, 3, class_name)) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        if (!fwl_span_is(p[i], "*") && !fwl_span_equal(p[i], c[i])) {
            return false;
        }
    }
    return true;
}

bool
fwl_name_equal_nocase(struct fwl_span a, struct fwl_span b)
{
    if (a.size != b.size) {
        return false;
    }
    for (size_t i = 0; i < a.size; i++) {
        int x = is_upper(a.p[i]) ? a.p[i] + ('a' - 'A') : a.p[i];
        int y = is_upper(b.p[i]) ? b.p[i] + ('a' - 'A') : b.p[i];

        if (x != y) {
            return false;
        }
    }
    return true;
}
