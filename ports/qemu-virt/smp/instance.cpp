// SPDX-License-Identifier: BSD-3-Clause
// The mediator's handlers on a platform of two CPUs: the one file of this product that instantiates
// them.
#include "mediator/instantiate.hpp"
#include "ports/qemu-virt/smp/platform.hpp"

template class mediator::Mediator<ports::qemu::smp::Platform>;
