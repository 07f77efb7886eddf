/*
 * mutant - faults put in on purpose, to show that the tests notice them. Zone P.
 *
 * Only a variant of the library that tests build has them (FWL_MUTANTS); elsewhere the condition is the constant false
 * and the compiler removes it. One number a mutant, the first digits being its id in the list of mutants:
 *
 *    1  NOTARIZE leaves and its record is not written
 *    3  NULLIFY leaves and its record is not written        31  FINALIZE does not ask for NULLIFY of that view
 *    5  the certificate that led into the view is not resent
 *    6  JUST passes views without NULL
 *    7  own votes do not count again after a restart
 *    8  PROPOSE leaves and its record is not written
 *   12  boot looks at NOTAR only        121  who nullified does not move by a late NOTAR        122  no relay at R3
 *   13  the mempool is heard at TICK only
 *   14  one vote less makes a quorum        141  a vote of another kind counts
 */
#ifndef FWL_P2P_CONSENSUS_MUTANT_H
#define FWL_P2P_CONSENSUS_MUTANT_H

#ifdef FWL_MUTANTS
extern int fwl_consensus_mutant; /* which one; the test's */
#define FWL_MUTANT(number) (fwl_consensus_mutant == (number))
#else
#define FWL_MUTANT(number) false
#endif

#endif
