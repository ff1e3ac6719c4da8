#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for it: CXX, CXXFLAGS and LIB_FUZZING_ENGINE come from
# them, the source lies in SRC/ffa-sim; the targets, their seeds and dictionaries go to OUT. FFASIM_FUZZ_TARGETS: only these.
set -euo pipefail
: "${SRC:?}" "${OUT:?}" "${WORK:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}"
source=$SRC/ffa-sim
targets=${FFASIM_FUZZ_TARGETS:-descriptor spmc calls single_call fragment scenario trace log}
# The distribution's libraries are made for libstdc++.
flags=${CXXFLAGS:-}
flags=${flags//-stdlib=libc++/}
# The freestanding parts have no RTTI, which this check of UBSan wants.
flags+=" -fno-sanitize=vptr"
case " ${FUZZING_ENGINE:-libfuzzer} " in
  *" libfuzzer "* | *" centipede "*) flags+=" -fsanitize-coverage-ignorelist=$source/tests/fuzz/uncovered.txt" ;;
esac

# The seeds are made by a plain program.
cmake -S "$source" -B "$WORK/seeds" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS= -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DCMAKE_CXX_COMPILER="${SEEDS_CXX:-c++}"
cmake --build "$WORK/seeds" --target fuzz_seeds
"$WORK/seeds/bin/fuzz_seeds" "$source" "$WORK/corpus"

# What a target needs of the distribution lies beside it, where it runs.
cmake -S "$source" -B "$WORK/targets" -G Ninja -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_C_FLAGS="${CFLAGS:-}" \
  -DFFASIM_FUZZ_ENGINE="$LIB_FUZZING_ENGINE" -DCMAKE_EXE_LINKER_FLAGS="-Wl,-rpath,'\$ORIGIN/lib'"
# shellcheck disable=SC2046,SC2086
cmake --build "$WORK/targets" --target $(printf 'fuzz_%s ' $targets)
mkdir -p "$OUT/lib"
for target in $targets; do
  program=$WORK/targets/bin/fuzz_$target
  cp "$program" "$OUT/"
  ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' |
    grep -Ev '/(libc|libm|libdl|librt|libpthread|ld-linux[^/]*)\.so' | xargs -r cp -Lt "$OUT/lib"
  # Some of those that are kept have the names of those that are made.
  seeds=$WORK/seeds_of/$target
  rm -rf "$seeds" "$OUT/fuzz_${target}_seed_corpus.zip"
  mkdir -p "$seeds"
  for made in "$WORK/corpus/$target"/*; do [ ! -f "$made" ] || cp "$made" "$seeds/made-${made##*/}"; done
  for kept in "$source/tests/fuzz/corpus/$target"/*; do [ ! -f "$kept" ] || cp "$kept" "$seeds/kept-${kept##*/}"; done
  find "$seeds" -type f | LC_ALL=C sort | zip -qjX "$OUT/fuzz_${target}_seed_corpus.zip" -@
  dictionary=$source/tests/fuzz/dictionaries/$target.dict
  if [ -f "$dictionary" ]; then cp "$dictionary" "$OUT/fuzz_$target.dict"; fi
done
