// SPDX-License-Identifier: BSD-3-Clause
// The SPMC image expects no exception at all.
#include "ports/qemu-virt/common/vectors.inc"

  VECTOR_TABLE sel1_vectors, crash_entry, crash_entry
