/*
 * A disk whose n-th sync of `bide.db` fails, for a process that loads this before libc (LD_PRELOAD).
 *
 * As Linux does it: after the failure the pages count as written, although they are not, and the next sync succeeds. What would
 * be on the disk after a power cut is kept in a second file: each successful sync copies to it the blocks written since the last sync.
 *
 * SYNC_FAILS_AT  which sync of the database fails, counted from 1; 0: none
 * ON_DISK        the second file
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS_MAX (1 << 20)

static unsigned char written[BLOCKS_MAX];
static int syncs = 0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int is_database(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 8) return 0;
  path[length] = 0;
  return strcmp(path + length - 8, "/bide.db") == 0;
}

static void note(int fd, off_t offset, size_t bytes) {
  if (bytes == 0 || !is_database(fd)) return;
  pthread_mutex_lock(&lock);
  for (off_t block = offset / BLOCK; block <= (off_t)(offset + bytes - 1) / BLOCK && block < BLOCKS_MAX; block++) written[block] = 1;
  pthread_mutex_unlock(&lock);
}

typedef ssize_t (*pwrite_t)(int, const void *, size_t, off_t);

ssize_t pwrite64(int fd, const void *from, size_t bytes, off_t offset) {
  ssize_t done = ((pwrite_t)dlsym(RTLD_NEXT, "pwrite64"))(fd, from, bytes, offset);
  if (done > 0) note(fd, offset, done);
  return done;
}

ssize_t pwrite(int fd, const void *from, size_t bytes, off_t offset) {
  ssize_t done = ((pwrite_t)dlsym(RTLD_NEXT, "pwrite"))(fd, from, bytes, offset);
  if (done > 0) note(fd, offset, done);
  return done;
}

static void copy_out(int fd) {
  static char block[BLOCK];
  struct stat size;
  int disk = open(getenv("ON_DISK"), O_RDWR | O_CREAT, 0600);
  for (off_t at = 0; at < BLOCKS_MAX; at++) {
    if (!written[at]) continue;
    ssize_t bytes = pread(fd, block, BLOCK, at * BLOCK);
    if (bytes > 0) ((pwrite_t)dlsym(RTLD_NEXT, "pwrite64"))(disk, block, bytes, at * BLOCK);
  }
  fstat(fd, &size);
  if (ftruncate(disk, size.st_size) != 0) abort();
  close(disk);
}

static int sync_of(int fd, const char *name) {
  if (!is_database(fd)) return ((int (*)(int))dlsym(RTLD_NEXT, name))(fd);
  pthread_mutex_lock(&lock);
  syncs += 1;
  int fails = syncs == atoi(getenv("SYNC_FAILS_AT"));
  if (!fails) copy_out(fd);
  memset(written, 0, sizeof written);
  pthread_mutex_unlock(&lock);
  if (!fails) return 0;
  errno = EIO;
  return -1;
}

int fsync(int fd) { return sync_of(fd, "fsync"); }
int fdatasync(int fd) { return sync_of(fd, "fdatasync"); }
