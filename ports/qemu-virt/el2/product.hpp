// SPDX-License-Identifier: BSD-3-Clause
// The mediator of this product: declared here, instantiated in instance.cpp alone.
#pragma once

#include "mediator/mediator.hpp"
#include "ports/qemu-virt/el2/platform.hpp"

extern template class mediator::Mediator<ports::qemu::Platform>;

namespace ports::qemu {
using ProductMediator = mediator::Mediator<Platform>;
}  // namespace ports::qemu
