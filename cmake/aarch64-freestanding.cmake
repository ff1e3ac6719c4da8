# SPDX-License-Identifier: BSD-3-Clause
# Debian's AArch64 cross compiler, used for code that runs without an operating system.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(FFASIM_FREESTANDING_FLAGS
    "-ffreestanding -mgeneral-regs-only -mno-outline-atomics -mstrict-align -fno-stack-protector -fno-pic -fno-pie")
set(CMAKE_C_FLAGS_INIT "${FFASIM_FREESTANDING_FLAGS}")
set(CMAKE_CXX_FLAGS_INIT
    "${FFASIM_FREESTANDING_FLAGS} -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables")
