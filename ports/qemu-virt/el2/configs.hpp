// SPDX-License-Identifier: BSD-3-Clause
// The mediator's configurations out of a package.
#pragma once

#include "guest/package.hpp"
#include "mediator/limits.hpp"

namespace ports::qemu {

mediator::MediatorConfig to_config(const guest::PackedMediator& packed);
mediator::VmConfig to_config(const guest::PackedVm& packed);

}  // namespace ports::qemu
