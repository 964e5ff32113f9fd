// What Swift's Glibc module hides, the few variadic calls and macros that Swift cannot import, and the
// child side between clone and exec. No policy and no state live here.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
// Swift's Glibc module is built without _GNU_SOURCE, and a program may see both modules. The compiler rejects a type
// that the two define differently; those are the types below, so they are taken in Glibc's form.
#include <features.h>
#pragma push_macro("__USE_XOPEN")
#pragma push_macro("__USE_GNU")
#undef __USE_XOPEN
#undef __USE_GNU
#include <sys/resource.h>
#include <sys/select.h>
#pragma pop_macro("__USE_GNU")
#pragma pop_macro("__USE_XOPEN")
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "CLinuxFork.h"
#include "CLinuxFutex.h"
#include "CLinuxIO.h"
#include "CLinuxShims.h"
#include "CLinuxSpawn.h"
#include "CLinuxPacket.h"
#include "CLinuxProcess.h"
#include "CLinuxShared.h"
#include "CLinuxStack.h"
