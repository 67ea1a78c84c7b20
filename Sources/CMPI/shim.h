// MPI as Swift sees it: every handle constant is a macro that Swift cannot import.
#pragma once
#include <mpi.h>
