// SPDX-License-Identifier: BSD-3-Clause
// Unicorn 2.0.1 loses a block of its own where a fault stops generated code. LeakSanitizer asks for
// this function by its name; other programs do without it.

extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libunicorn.so"; }
