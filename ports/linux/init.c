// SPDX-License-Identifier: BSD-3-Clause
// The one user program of the Linux guest: loads the modules beside it and switches off. What it says is read by
// tests/linux/check.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char* file) {
  const int module = open(file, O_RDONLY | O_CLOEXEC);
  if (module >= 0 && syscall(SYS_finit_module, module, "", 0) == 0) {
    printf("init: %s loaded\n", file);
    close(module);
    return 1;
  }
  printf("init: %s: %s\n", file, strerror(errno));
  return 0;
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  printf("init: user space of a Linux guest\n");
  if (load("/ffa-module.ko") && load("/ffa-share.ko")) printf("init: done\n");
  sync();
  reboot(RB_POWER_OFF);
  return 1;
}
