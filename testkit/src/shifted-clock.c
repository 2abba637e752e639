/*
 * Makes the wall clock of one program jump: loaded into a redis-server by LD_PRELOAD, it adds an offset to every time of
 * day that the program reads. The monotonic clock stays true. `jumping-redis.ts` compiles it; only tests use it.
 *
 * CHAINR_CLOCK_FILE names a file of 8 bytes: nanoseconds, signed, in the byte order of the machine. The file is mapped, so
 * a new offset applies from the next reading on. This code does not allocate memory, since the allocator may ask for the
 * time before the program starts. It calls the kernel directly, so that no symbol has to be looked up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t *offset_ns; /* Absent before the file is mapped: the time is true until then. */

static void refuse(const char *why) {
  static const char whose[] = "shifted-clock: ";
  if (write(2, whose, sizeof whose - 1) < 0 || write(2, why, strlen(why)) < 0) _exit(2);
  _exit(1);
}

__attribute__((constructor)) static void map_offset(void) {
  const char *file = getenv("CHAINR_CLOCK_FILE");
  if (!file) refuse("CHAINR_CLOCK_FILE is not set\n");
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) refuse("the file of CHAINR_CLOCK_FILE cannot be opened\n");
  void *mapped = mmap(NULL, sizeof *offset_ns, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) refuse("the file of CHAINR_CLOCK_FILE cannot be mapped\n");
  offset_ns = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  if (syscall(SYS_clock_gettime, clock, at) != 0) return -1;
  if (!offset_ns || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return 0;
  const int64_t second = 1000000000;
  const int64_t offset = __atomic_load_n(offset_ns, __ATOMIC_RELAXED);
  at->tv_sec += offset / second;
  at->tv_nsec += offset % second;
  if (at->tv_nsec >= second) at->tv_sec += 1, at->tv_nsec -= second;
  if (at->tv_nsec < 0) at->tv_sec -= 1, at->tv_nsec += second;
  return 0;
}

int gettimeofday(struct timeval *at, void *zone) {
  struct timespec now;
  (void)zone; /* Obsolete; Redis asks for none. */
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *at) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return (time_t)-1;
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
