#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
exec "$SRC/ffa-sim/tests/fuzz/oss-fuzz/build.sh"
