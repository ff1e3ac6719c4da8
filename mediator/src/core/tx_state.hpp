// SPDX-License-Identifier: BSD-3-Clause
// The claim word of a VM's TX buffer: a call claims it, copies the message in one go, gives it
// back.
#pragma once

#include <cstdint>

namespace mediator {

enum class TxState : uint8_t { unmapped, free, claimed };

}  // namespace mediator
