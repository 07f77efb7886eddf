#include "core/error.h"

const char *
fwl_err_name(enum fwl_err err)
{
    switch (err) {
#define FWL_ERR_NAME(name, number, text)                                                                               \
    case FWL_ERR_##name: return #name;
        FWL_ERRORS(FWL_ERR_NAME)
#undef FWL_ERR_NAME
    }
    return "UNKNOWN-ERROR";
}

const char *
fwl_err_text(enum fwl_err err)
{
    switch (err) {
#define FWL_ERR_TEXT(name, number, text)                                                                               \
    case FWL_ERR_##name: return text;
        FWL_ERRORS(FWL_ERR_TEXT)
#undef FWL_ERR_TEXT
    }
    return "an error without a description";
}
