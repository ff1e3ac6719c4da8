# SPDX-License-Identifier: BSD-3-Clause
# Language level, warnings and sanitizers of every target; the switches that presets set.
option(FFASIM_HOST "Build the simulator and the tools (off for freestanding cross builds)" ON)
option(FFASIM_TESTS "Build the tests" ON)
option(FFASIM_BENCH "Build the benchmarks" OFF)
option(FFASIM_HASH_ONLY "Build only what the golden hash runner needs" OFF)
option(FFASIM_UNITY "Compile twenty of a component's sources together: half the time for all, more after a small change" OFF)
option(FFASIM_COVERAGE "Record what of the mediator and of ffa runs: lines, branches, MC/DC (clang)" OFF)
set(FFASIM_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ${FFASIM_HOST})
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)  # GCC 12 warns wrongly inside std::string (PR 105651)
  add_compile_options(--param=ggc-min-heapsize=524288)  # KiB: a tenth of its time went into collecting garbage
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wthread-safety)
  include(CheckLinkerFlag)
  check_linker_flag(CXX -fuse-ld=lld FFASIM_HAS_LLD)
  if(FFASIM_HOST AND FFASIM_HAS_LLD)
    add_link_options(-fuse-ld=lld)
  endif()
endif()
if(FFASIM_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 20)
  # Both warnings know a source by the file that is compiled; the presets aarch64 and nightly, file by file, have them.
  add_compile_options(-Wno-shadow)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
  endif()
endif()
if(FFASIM_SANITIZE)
  add_compile_options(-fsanitize=${FFASIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${FFASIM_SANITIZE})
endif()
if(FFASIM_SANITIZE MATCHES address AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options(-fsanitize-address-use-after-return=never)  # a fifth of its time
endif()
if(FFASIM_SANITIZE MATCHES address OR FFASIM_FUZZ_ENGINE)
  add_library(sanitizer_options OBJECT ${CMAKE_SOURCE_DIR}/tests/sanitizers/options.cpp)
  link_libraries(sanitizer_options)  # of every program
endif()
if(FFASIM_COVERAGE)
  set(instrumented ${CMAKE_SOURCE_DIR}/tests/coverage/instrumented.txt)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc -fprofile-list=${instrumented})
  add_link_options(-fprofile-instr-generate)
endif()

# ffasim_cold(<target>…): what runs once a command, or once a report, and is many templates, gets little of the optimiser's time;
# with sanitizers, whose code is three times as much to optimise, none.
function(ffasim_cold)
  set(level -O1)
  if(FFASIM_SANITIZE)
    set(level -O0)
  endif()
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE ${level})
  endforeach()
endfunction()

# What the freestanding parts promise: no exceptions, no RTTI, no hidden runtime calls.
function(ffasim_freestanding target)
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions -fno-rtti -fno-threadsafe-statics>)
endfunction()

# An image that stops on a fault tells the way it came by its frame pointers. Freestanding GCC calls memset for a loop that
# clears only if it is told to.
if(NOT FFASIM_HOST)
  add_compile_options(-fno-omit-frame-pointer -mno-omit-leaf-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-ftree-loop-distribute-patterns)
  endif()
endif()
