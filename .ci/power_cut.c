// A disk that tells what a power cut would have left of it: to be preloaded into a server.
//
// Every fsync and fdatasync is a numbered moment. Before it reaches the disk, the names under
// POWER_CUT_ROOT are written to {POWER_CUT_IMAGE}/{moment}.names; after it, the synced bytes of the
// file to {moment}.file, or the synced names of the folder to {moment}.folder. The first line of
// these two is the inode, as the names have it. From them .ci/power_cut.py restores any moment.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int moments;
static FILE *names;

// An inode's number is used again for other files; together with its birth it is not.
static void print_inode(FILE *out, int folder, const char *path) {
  struct statx file;
  if (statx(folder, path, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &file) != 0) {
    fprintf(out, "gone");
    return;
  }
  fprintf(out, "%llu-%lld-%u", (unsigned long long)file.stx_ino, (long long)file.stx_btime.tv_sec,
          file.stx_btime.tv_nsec);
}

static FILE *image(int moment, const char *kind) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%06d.%s", getenv("POWER_CUT_IMAGE"), moment, kind);
  FILE *out = fopen(path, "w");
  if (out == NULL) abort();
  return out;
}

static int print_name(const char *path, const struct stat *file, int type, struct FTW *place) {
  (void)place, (void)type;
  print_inode(names, AT_FDCWD, path);
  fprintf(names, " %c %s\n", S_ISDIR(file->st_mode) ? 'd' : 'f', path);
  return 0;
}

static void copy_bytes(FILE *out, const char *path) {
  char buffer[65536];
  int file = open(path, O_RDONLY);
  if (file < 0) abort();
  for (ssize_t bytes; (bytes = read(file, buffer, sizeof buffer)) > 0;) fwrite(buffer, 1, (size_t)bytes, out);
  close(file);
}

static void copy_names(FILE *out, const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) abort();
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    print_inode(out, dirfd(folder), entry->d_name);
    fprintf(out, " %c %s\n", entry->d_type == DT_DIR ? 'd' : 'f', entry->d_name);
  }
  closedir(folder);
}

static int synced(int file, const char *function) {
  int (*sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, function);
  if (getenv("POWER_CUT_IMAGE") == NULL) return sync(file);
  pthread_mutex_lock(&lock);
  int moment = ++moments;
  names = image(moment, "names");
  nftw(getenv("POWER_CUT_ROOT"), print_name, 16, FTW_PHYS);
  fclose(names);
  int result = sync(file);
  struct stat kind;
  if (result == 0 && fstat(file, &kind) == 0) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    FILE *out = image(moment, S_ISDIR(kind.st_mode) ? "folder" : "file");
    print_inode(out, file, "");
    fputc('\n', out);
    (S_ISDIR(kind.st_mode) ? copy_names : copy_bytes)(out, path);
    fclose(out);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int file) { return synced(file, "fsync"); }
int fdatasync(int file) { return synced(file, "fdatasync"); }
