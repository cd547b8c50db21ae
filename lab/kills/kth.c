/*
 * Ends its process at the k-th write or sync of files below one folder, as SIGKILL does.
 *
 * Loaded into the daemon with LD_PRELOAD. It counts only while armed, by a board that both sides
 * map: the test writes `left` and `after`, this library counts `left` down and, when it reaches
 * zero, notes where it was and kills the process before the call is made, or right after.
 *
 *   SOTTO_KTH_BOARD   file of at least sizeof(struct board) bytes
 *   SOTTO_KTH_FOLDER  absolute path; calls on files elsewhere, on sockets and pipes do not count
 *
 * gcc -shared -fPIC -O2 -Wall -Werror -o kth.so kth.c
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct board {
  int64_t left;   /* calls until the end; 0: not armed */
  int64_t after;  /* 1: the k-th call is still made */
  char where[112]; /* what the process died of: call and file name */
};

static struct board *board;
static const char *folder;
static size_t folder_length;

__attribute__((constructor)) static void attach(void) {
  const char *path = getenv("SOTTO_KTH_BOARD");
  folder = getenv("SOTTO_KTH_FOLDER");
  if (!path || !folder) return;
  folder_length = strlen(folder);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) board = mapped;
}

static void end(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Counts a call. Returns 1 where the caller must make it and then call end(). */
static int counted(const char *call, int file) {
  if (!board || __atomic_load_n(&board->left, __ATOMIC_SEQ_CST) <= 0) return 0;
  char link[64], path[512];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < (ssize_t)folder_length || strncmp(path, folder, folder_length) != 0) return 0;
  path[length] = 0;
  if (__atomic_sub_fetch(&board->left, 1, __ATOMIC_SEQ_CST) != 0) return 0;
  const char *name = strrchr(path, '/');
  snprintf(board->where, sizeof board->where, "%s %.90s", call, name ? name + 1 : path);
  if (board->after) return 1;
  end();
  return 0;
}

#define COUNTED(type, call, ...)             \
  int last = counted(#call, file);           \
  type result = syscall(SYS_##call, __VA_ARGS__); \
  if (last) end();                           \
  return result;

ssize_t write(int file, const void *bytes, size_t count) {
  COUNTED(ssize_t, write, file, bytes, count)
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  COUNTED(ssize_t, writev, file, parts, count)
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  COUNTED(ssize_t, pwrite64, file, bytes, count, at)
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  COUNTED(ssize_t, pwrite64, file, bytes, count, at)
}

int fsync(int file) { COUNTED(int, fsync, file) }

int fdatasync(int file) { COUNTED(int, fdatasync, file) }
