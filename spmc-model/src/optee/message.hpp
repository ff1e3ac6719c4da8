// SPDX-License-Identifier: BSD-3-Clause
// The argument structure of a call and the RPC argument behind it, in memory that the VM can change
// at any time: each field is read once. Memory that is gone reads as zeros.
#pragma once

#include "src/optee/memory.hpp"

namespace spmc_model::optee {

/// A call on its way: the service of one VM, and the thread that serves it.
struct Running {
  SpmcStorage& s;
  Vm& vm;
  Thread& thread;
};

/// A field at byte `at` of the argument structure.
uint64_t load(const Running& r, uint32_t at, Field field);
void store(const Running& r, uint32_t at, Field field, uint64_t value);
constexpr uint32_t parameter_at(uint32_t index) { return argument::size(index); }

/// Takes the structure at `offset` of the VM's region into the thread. BAD_PARAMETERS: no such
/// region, more parameters than there may be, no room for the RPC argument.
ffa::Result<void, Tee> open_argument(Running& r, ffa::Handle handle, uint32_t offset);
/// The TA's parameters, from parameter `first` on. BAD_PARAMETERS: more than four, a meta
/// parameter, an unknown type, a region that use_region() refuses. SECURITY: not all of the memory
/// lies in the region.
ffa::Result<void, Tee> copy_in(Running& r, uint32_t first);
/// Values and sizes of the out parameters, as the TA left them.
void copy_out(const Running& r);

/// What the normal world answered to an RPC of one parameter.
struct RpcAnswer {
  uint32_t result;
  uint32_t count;
  uint64_t attributes;
  uint64_t a;
  uint64_t b;
  uint16_t internal_offset;
  ffa::Handle global_id;
};
/// Writes the RPC argument: one parameter of that type with the values a, b, c.
void ask(const Running& r, RpcCommand command, ParamType type, uint64_t a, uint64_t b, uint64_t c);
RpcAnswer answer_of(const Running& r);

}  // namespace spmc_model::optee
