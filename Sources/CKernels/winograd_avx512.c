/* Winograd's method in AVX-512, for products of floats; activations may be stored in bf16. */
#if defined(__x86_64__)
#define CK_TARGET "avx512f,avx512bw,avx512vl,avx512dq,fma"
#define LANES 16
#include "winograd_form.h"

CK_WIDE_PRODUCTS(float, fused)

CK_FORM(f4, CK_F32, CK_F32, 4, 4, 1)
CK_FORM(f4x2, CK_F32, CK_F32, 4, 2, 1)
CK_FORM(f2, CK_F32, CK_F32, 2, 2, 1)
CK_FORM(f2_strided, CK_F32, CK_F32, 2, 2, 2)
CK_FORM(stored_f4, CK_BF16, CK_F32, 4, 4, 1)

const ck_form ck_forms_avx512[CK_FORMS_AVX512] = {
    CK_FORM_ENTRY(f4, "winograd F(4x4,3x3)", CK_F32, CK_F32, 4, 4, 1, float),
    CK_FORM_ENTRY(f4x2, "winograd F(4x2,3x3)", CK_F32, CK_F32, 4, 2, 1, float),
    CK_FORM_ENTRY(f2, "winograd F(2x2,3x3)", CK_F32, CK_F32, 2, 2, 1, float),
    CK_FORM_ENTRY(f2_strided, "winograd F(2x2,3x3)/2", CK_F32, CK_F32, 2, 2, 2, float),
    CK_FORM_ENTRY(stored_f4, "winograd F(4x4,3x3) in fp32", CK_BF16, CK_F32, 4, 4, 1, float)};
#endif
