# SPDX-License-Identifier: BSD-3-Clause
# Code that runs on AArch64 without an operating system: Debian's cross compiler, or clang-19 and lld-19 where the preset sets
# FFASIM_CROSS_CLANG, with the headers and the libgcc of the former.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FFASIM_CROSS_CLANG)
if(FFASIM_CROSS_CLANG)
  set(CMAKE_C_COMPILER clang-19)
  set(CMAKE_CXX_COMPILER clang++-19)
  foreach(language C CXX ASM)
    set(CMAKE_${language}_COMPILER_TARGET aarch64-linux-gnu)
  endforeach()
  set(CMAKE_EXE_LINKER_FLAGS_INIT -fuse-ld=lld-19)
else()
  set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
  set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
endif()
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(FFASIM_FREESTANDING_FLAGS
    "-ffreestanding -mgeneral-regs-only -mno-outline-atomics -mstrict-align -fno-stack-protector -fno-pic -fno-pie")
set(CMAKE_C_FLAGS_INIT "${FFASIM_FREESTANDING_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT
    "${FFASIM_FREESTANDING_FLAGS} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables")
