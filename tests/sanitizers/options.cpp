// SPDX-License-Identifier: BSD-3-Clause
// What AddressSanitizer is told unless ASAN_OPTIONS says otherwise: a stack for each allocation,
// freed memory by hundreds of MiB and copies of stack frames are a third of what tests cost, and
// most of what a fuzzer's short inputs do. Who looks into a finding runs it again with
// ASAN_OPTIONS=malloc_context_size=30.
extern "C" const char* __asan_default_options();  // NOLINT: the sanitizer's name
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=0:quarantine_size_mb=16:detect_stack_use_after_return=0";
}
