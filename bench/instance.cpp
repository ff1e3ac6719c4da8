// SPDX-License-Identifier: BSD-3-Clause
// The mediator over the benchmarks' platform.
#include "bench/platform.hpp"
#include "mediator/instantiate.hpp"

template class mediator::Mediator<bench::Platform>;
