/* Winograd's method in AVX-512-BF16: pairs of bf16 are multiplied, and rounded, by one instruction,
 * which takes denormal numbers for zero. */
#if defined(__x86_64__)
#define CK_TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,fma"
#define CK_ROUNDS_BF16
#define LANES 16
#include "winograd_form.h"

/* sum + a·b, word by word: two products of bf16, summed in fp32. */
#define CK_PAIRS(a, b, sum) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))

CK_WIDE_PRODUCTS(pairs, CK_PAIRS)

CK_FORM(pairs_f4x2, CK_BF16, CK_BF16, 4, 2, 1)
CK_FORM(pairs_f2, CK_BF16, CK_BF16, 2, 2, 1)
CK_FORM(pairs_f2_strided, CK_BF16, CK_BF16, 2, 2, 2)

const ck_form ck_forms_bf16[CK_FORMS_BF16] = {
    CK_FORM_ENTRY(pairs_f4x2, "winograd F(4x2,3x3)", CK_BF16, CK_BF16, 4, 2, 1, pairs),
    CK_FORM_ENTRY(pairs_f2, "winograd F(2x2,3x3)", CK_BF16, CK_BF16, 2, 2, 1, pairs),
    CK_FORM_ENTRY(pairs_f2_strided, "winograd F(2x2,3x3)/2", CK_BF16, CK_BF16, 2, 2, 2, pairs)};
#endif
