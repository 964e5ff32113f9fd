// A binary heap that cancels at once.
#define ARITY 2
#include "heap.h"
