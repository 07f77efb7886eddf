/*
 * mutant - faults put in on purpose, to show that the tests notice them. Zone F.
 *
 * Only variants of the libraries that tests build have them (FWL_MUTANTS); elsewhere the condition is the constant
 * false and the compiler removes it. A mutant has the id of docs/spec/mutants.md and a variant; the place that uses it
 * says what it does.
 */
#ifndef FWL_CORE_MUTANT_H
#define FWL_CORE_MUTANT_H

#include <stdbool.h>

#define FWL_MUTANT_NUMBER(id, variant) (100 * (id) + (variant))

#ifdef FWL_MUTANTS
extern int fwl_mutant; /* FWL_MUTANT_NUMBER of the one that is on, 0: none; the test's */
#define FWL_MUTANT(id, variant) (fwl_mutant == FWL_MUTANT_NUMBER(id, variant))
#else
#define FWL_MUTANT(id, variant) false
#endif

#endif
