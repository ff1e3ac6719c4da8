// SPDX-License-Identifier: BSD-3-Clause
// FFA_ID_GET and FFA_SPM_ID_GET, answered without a world switch. [DEN0077A 1.2 §13.10, §13.11]
#pragma once

#include "ffa/calls.hpp"
#include "handlers/state.hpp"

namespace mediator {

template <Platform P>
Reply id_get(CallContext<P>& call) {
  return call.reply(ffa::IdGetSuccess{call.vm.id()}.encode());
}

template <Platform P>
Reply spm_id_get(CallContext<P>& call) {
  return call.reply(ffa::SpmIdGetSuccess{call.mediator.spmc.id}.encode());
}

}  // namespace mediator
