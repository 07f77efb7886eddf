/*
 * base - attributes, assertions, checked arithmetic, byte order. Zone F.
 *
 * FWL_ASSERT stands in every build and states an invariant of our own code; bytes from a peer, a
 * client or a disk can never make it fail. FWL_DCHECK is the same in test, fuzz and simulation
 * builds only. Both evaluate their argument at most once; it has no side effects.
 */
#ifndef FWL_CORE_BASE_H
#define FWL_CORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FWL_NODISCARD    __attribute__((warn_unused_result))
#define FWL_PRINTF(f, a) __attribute__((format(printf, f, a)))

/** fwl_panic - a broken invariant: say where and stop. Port: hosts abort(), an integrator supplies its own. */
_Noreturn void fwl_panic(const char *file, int line, const char *what);

/* Where size counts (-Os): an assertion tells its place only, and a function marked FWL_NOINLINE stays one; the
 * compiler would copy it, or what its callers do with each of its results, into every path. Shorter ways that only
 * speed needs stand under `if (FWL_FOR_SPEED && ...)`. */
#ifdef __OPTIMIZE_SIZE__
#define FWL_ASSERT(c) ((c) ? (void)0 : fwl_panic(__FILE__, __LINE__, ""))
#define FWL_NOINLINE  __attribute__((noinline))
#define FWL_FOR_SPEED 0
#else
#define FWL_ASSERT(c) ((c) ? (void)0 : fwl_panic(__FILE__, __LINE__, #c))
#define FWL_NOINLINE
#define FWL_FOR_SPEED 1
#endif
#ifdef FWL_DCHECK_ON
#define FWL_DCHECK(c) FWL_ASSERT(c)
#else
#define FWL_DCHECK(c) ((void)sizeof((c) ? 1 : 0))
#endif

#define FWL_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FWL_MIN(a, b)    ((a) < (b) ? (a) : (b))
#define FWL_MAX(a, b)    ((a) > (b) ? (a) : (b))

/* Checked arithmetic on outside values: true and *out set, or false on overflow. */
FWL_NODISCARD static inline bool
fwl_add_u64(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

FWL_NODISCARD static inline bool
fwl_mul_u64(uint64_t *out, uint64_t a, uint64_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

/**
 * fwl_divide - *n /= d; returns the remainder. @d is not 0.
 *
 * Where the machine has no instruction for it, fwl_divide_bits does it bit by bit: a tenth of the code of the
 * compiler's routine, and no rule divides often.
 */
uint64_t fwl_divide_bits(uint64_t *n, uint64_t d);

static inline uint64_t
fwl_divide(uint64_t *n, uint64_t d)
{
#if UINTPTR_MAX > UINT32_MAX
    uint64_t rest = *n % d;

    *n /= d;
    return rest;
#else
    return fwl_divide_bits(n, d);
#endif
}

/* Big-endian loads and stores: the byte order of everything fixed-width that is stored, sent or hashed. */
static inline uint16_t
fwl_load_be16(const uint8_t in[2])
{
    return (uint16_t)((in[0] << 8) | in[1]);
}

static inline uint32_t
fwl_load_be32(const uint8_t in[4])
{
    return ((uint32_t)in[0] << 24) | ((uint32_t)in[1] << 16) | ((uint32_t)in[2] << 8) | in[3];
}

static inline uint64_t
fwl_load_be64(const uint8_t in[8])
{
    return ((uint64_t)fwl_load_be32(in) << 32) | fwl_load_be32(in + 4);
}

static inline void
fwl_store_be16(uint8_t out[2], uint16_t v)
{
    out[0] = (uint8_t)(v >> 8);
    out[1] = (uint8_t)v;
}

static inline void
fwl_store_be32(uint8_t out[4], uint32_t v)
{
    fwl_store_be16(out, (uint16_t)(v >> 16));
    fwl_store_be16(out + 2, (uint16_t)v);
}

static inline void
fwl_store_be64(uint8_t out[8], uint64_t v)
{
    fwl_store_be32(out, (uint32_t)(v >> 32));
    fwl_store_be32(out + 4, (uint32_t)v);
}

/** fwl_memzero - clear a secret; the compiler may not leave it out. */
void fwl_memzero(void *p, size_t size);

/** fwl_ct_equal - compare secrets in time that depends on @size only. */
FWL_NODISCARD bool fwl_ct_equal(const void *a, const void *b, size_t size);

#endif
