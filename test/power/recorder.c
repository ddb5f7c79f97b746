/*
 * Records what one process does to the files of a folder: LD_PRELOAD it, with POWER_FOLDER, an absolute path without
 * links, and POWER_LOG, a file elsewhere. Every call goes to the C library as usual. What it changed, and each sync that
 * has ended, is appended to the log, in order, by all threads. recording.ts reads the log.
 *
 * Mapped memory is not seen. SQLite maps only its -shm file, which it makes again from its log after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* One entry of the log: this, then `name` bytes of a path within the folder, then `data` bytes. */
struct entry {
  uint64_t began_ns, ended_ns; /* CLOCK_MONOTONIC, as process.hrtime */
  uint64_t inode, offset;
  uint32_t kind, name, data, unused;
};

static char folder[PATH_MAX];
static size_t folder_length;
static int log_file = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Of open files: whether they lie in the folder. */
static char is_inside[65536];

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *given = getenv("POWER_FOLDER"), *log = getenv("POWER_LOG");
  if (given == NULL || log == NULL) return;
  snprintf(folder, sizeof folder, "%s", given);
  folder_length = strlen(folder);
  log_file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The path within the folder; NULL outside of it. */
static const char *inside(const char *path) {
  if (log_file == -1 || path == NULL || strncmp(path, folder, folder_length) != 0) return NULL;
  if (path[folder_length] == '\0') return ".";
  return path[folder_length] == '/' ? path + folder_length + 1 : NULL;
}

static int is_watched(int file) {
  return log_file != -1 && file >= 0 && file < (int)sizeof is_inside && is_inside[file];
}

static uint64_t inode_of(int file) {
  struct stat stats;
  return fstat(file, &stats) == 0 ? stats.st_ino : 0;
}

static uint64_t inode_at(const char *path) {
  struct stat stats;
  return lstat(path, &stats) == 0 ? stats.st_ino : 0;
}

static int inode_is_folder(const char *path) {
  struct stat stats;
  return lstat(path, &stats) == 0 && S_ISDIR(stats.st_mode);
}

static void note(char kind, uint64_t began, uint64_t inode, uint64_t offset, const char *name, const struct iovec *data, int parts, size_t length) {
  struct entry entry = {began, now(), inode, offset, (uint32_t)kind, name == NULL ? 0 : (uint32_t)strlen(name), (uint32_t)length, 0};
  struct iovec out[66] = {{&entry, sizeof entry}, {(void *)name, entry.name}};
  int count = 2;
  for (int i = 0; i < parts && count < 66 && length > 0; i += 1) {
    size_t part = data[i].iov_len < length ? data[i].iov_len : length;
    out[count++] = (struct iovec){data[i].iov_base, part};
    length -= part;
  }
  /* Regular files take all of it at once. */
  syscall(SYS_writev, log_file, out, (long)count);
}

#define RECORDED(result, call, on_success) \
  pthread_mutex_lock(&lock); \
  uint64_t began = now(); \
  result = call; \
  int error = errno; \
  if (result >= 0) on_success; \
  errno = error; \
  pthread_mutex_unlock(&lock)

static uint64_t place_of(int file) {
  if (fcntl(file, F_GETFL) & O_APPEND) {
    struct stat stats;
    fstat(file, &stats);
    return (uint64_t)stats.st_size;
  }
  return (uint64_t)lseek(file, 0, SEEK_CUR);
}

ssize_t write(int file, const void *bytes, size_t count) {
  REAL(write);
  if (!is_watched(file)) return real(file, bytes, count);
  ssize_t done;
  uint64_t place = place_of(file);
  struct iovec data = {(void *)bytes, count};
  RECORDED(done, real(file, bytes, count), note('W', began, inode_of(file), place, NULL, &data, 1, (size_t)done));
  return done;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
  REAL(pwrite64);
  if (!is_watched(file)) return real(file, bytes, count, place);
  ssize_t done;
  struct iovec data = {(void *)bytes, count};
  RECORDED(done, real(file, bytes, count, place), note('W', began, inode_of(file), (uint64_t)place, NULL, &data, 1, (size_t)done));
  return done;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) { return pwrite64(file, bytes, count, place); }

ssize_t writev(int file, const struct iovec *parts, int count) {
  REAL(writev);
  if (!is_watched(file)) return real(file, parts, count);
  ssize_t done;
  uint64_t place = place_of(file);
  RECORDED(done, real(file, parts, count), note('W', began, inode_of(file), place, NULL, parts, count, (size_t)done));
  return done;
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t place) {
  REAL(pwritev);
  if (!is_watched(file)) return real(file, parts, count, place);
  ssize_t done;
  RECORDED(done, real(file, parts, count, place), note('W', began, inode_of(file), (uint64_t)place, NULL, parts, count, (size_t)done));
  return done;
}

int ftruncate64(int file, off64_t length) {
  REAL(ftruncate64);
  if (!is_watched(file)) return real(file, length);
  int done;
  RECORDED(done, real(file, length), note('T', began, inode_of(file), (uint64_t)length, NULL, NULL, 0, 0));
  return done;
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int fsync(int file) {
  REAL(fsync);
  if (!is_watched(file)) return real(file);
  int done;
  RECORDED(done, real(file), note('S', began, inode_of(file), 0, NULL, NULL, 0, 0));
  return done;
}

int fdatasync(int file) {
  REAL(fdatasync);
  if (!is_watched(file)) return real(file);
  int done;
  RECORDED(done, real(file), note('S', began, inode_of(file), 0, NULL, NULL, 0, 0));
  return done;
}

static int opened(int file, const char *path, int flags, uint64_t began, int was_there) {
  if (file >= (int)sizeof is_inside) abort();
  const char *name = inside(path);
  is_inside[file] = 1;
  uint64_t inode = inode_of(file);
  if (!was_there) note('C', began, inode, 0, name, NULL, 0, 0);
  else if (flags & O_TRUNC) note('T', began, inode, 0, NULL, NULL, 0, 0);
  return file;
}

#define OPEN(function) \
  int function(const char *path, int flags, ...) { \
    REAL(function); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = va_arg(more, mode_t); \
    va_end(more); \
    if (inside(path) == NULL) { \
      int file = real(path, flags, mode); \
      if (file >= 0 && file < (int)sizeof is_inside) is_inside[file] = 0; \
      return file; \
    } \
    int file; \
    int was_there = access(path, F_OK) == 0; \
    RECORDED(file, real(path, flags, mode), opened(file, path, flags, began, was_there)); \
    return file; \
  }

OPEN(open)
OPEN(open64)

int close(int file) {
  REAL(close);
  if (file >= 0 && file < (int)sizeof is_inside) is_inside[file] = 0;
  return real(file);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  const char *name = inside(path);
  if (name == NULL) return real(path, mode);
  int done;
  RECORDED(done, real(path, mode), note('M', began, inode_at(path), 0, name, NULL, 0, 0));
  return done;
}

int unlink(const char *path) {
  REAL(unlink);
  const char *name = inside(path);
  if (name == NULL) return real(path);
  int done;
  uint64_t inode = inode_at(path);
  RECORDED(done, real(path), note('U', began, inode, 0, name, NULL, 0, 0));
  return done;
}

/* The C library's own remove() calls none of the above. */
int remove(const char *path) {
  REAL(remove);
  if (inside(path) == NULL) return real(path);
  return inode_is_folder(path) ? rmdir(path) : unlink(path);
}

int unlinkat(int at, const char *path, int flags) {
  REAL(unlinkat);
  if (inside(path) == NULL || flags != 0) return real(at, path, flags);
  return unlink(path);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  const char *name = inside(from), *other = inside(to);
  if (name == NULL || other == NULL) return real(from, to);
  int done;
  struct iovec data = {(void *)other, strlen(other)};
  RECORDED(done, real(from, to), note('R', began, inode_at(to), 0, name, &data, 1, data.iov_len));
  return done;
}

int link(const char *from, const char *to) {
  REAL(link);
  const char *other = inside(to);
  if (other == NULL) return real(from, to);
  int done;
  RECORDED(done, real(from, to), note('L', began, inode_at(to), 0, other, NULL, 0, 0));
  return done;
}
