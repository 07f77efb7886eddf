/*
 * print - JSON values for programs (one line) and for people (indented members). Zone H.
 */
#ifndef FWL_CLIENT_CLI_PRINT_H
#define FWL_CLIENT_CLI_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/** fwl_print_value - @value to @to: as one line of JSON when @json, else "member: value" lines, times with their date.
 */
void fwl_print_value(FILE *to, const json_t *value, bool json);

/** fwl_print_text - @text with control characters replaced: what a node or a file says never steers a terminal. */
void fwl_print_text(FILE *to, const char *text);

#endif
