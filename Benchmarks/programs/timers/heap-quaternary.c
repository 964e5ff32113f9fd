// A heap with four children a node, as in Go and libev, that cancels at once.
#define ARITY 4
#include "heap.h"
