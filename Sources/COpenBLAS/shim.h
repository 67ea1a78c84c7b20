// OpenBLAS as Swift sees it. Nothing is missing from its header; this file only names it.
#pragma once
#include <cblas.h>
