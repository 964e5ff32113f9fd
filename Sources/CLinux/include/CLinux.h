// What Swift's Glibc module hides, the few variadic calls and macros that Swift cannot import, and the
// child side between clone and exec. No policy and no state live here.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <features.h>

// Swift's Glibc module sees these two headers without _GNU_SOURCE. A module that imports both it (Synchronization
// and Foundation do) and this one must find the same fd_set and the same enums in them.
#undef __USE_XOPEN
#include <sys/select.h>
#define __USE_XOPEN 1
#undef __USE_GNU
#include <sys/resource.h>
#define __USE_GNU 1

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
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

#include "CLinuxShims.h"
#include "CLinuxSpawn.h"
#include "CLinuxProcess.h"
