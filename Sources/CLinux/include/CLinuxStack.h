// The stack of the calling thread.
#pragma once

/// How many bytes the calling thread's stack has left; SIZE_MAX if that is not known. The first call in a thread asks
/// the C library.
size_t roost_stack_left(void);
