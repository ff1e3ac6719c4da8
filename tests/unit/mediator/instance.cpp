// SPDX-License-Identifier: BSD-3-Clause
// The mediator over the fake platform, instantiated once for all tests.
#include "fake_platform.hpp"
#include "mediator/instantiate.hpp"

template class mediator::Mediator<fake::Platform>;
