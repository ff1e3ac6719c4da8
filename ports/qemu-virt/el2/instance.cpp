// SPDX-License-Identifier: BSD-3-Clause
// The mediator's handlers on EL2's platform: the one file of this product that instantiates them.
#include "mediator/instantiate.hpp"
#include "ports/qemu-virt/el2/platform.hpp"

template class mediator::Mediator<ports::qemu::Platform>;
