// SPDX-License-Identifier: BSD-3-Clause
#include "src/optee/message.hpp"

#include "src/bytes.hpp"

namespace spmc_model::optee {

namespace {

using ffa::Error;
using ffa::Result;

constexpr uint32_t rpc_count = 1;
constexpr uint32_t rpc_bytes = argument::size(rpc_parameters);

bool is_memory(ParamType type) { return type >= ParamType::memory_in; }
bool goes_back(ParamType type) {
  switch (type) {
    case ParamType::none:
    case ParamType::value_in:
    case ParamType::memory_in:
      return false;
    case ParamType::value_out:
    case ParamType::value_inout:
    case ParamType::memory_out:
    case ParamType::memory_inout:
      return true;
  }
  return false;
}

Result<ParamType, Tee> type_of(uint64_t attributes) {
  const uint64_t type = attributes & attribute::type_bits;
  const bool known = type <= 3 || (type >= 5 && type <= 7);
  if ((attributes & attribute::meta) != 0 || !known) return Error{Tee::bad_parameters};
  return static_cast<ParamType>(type);
}

Result<View, Tee> memory_param(Running& r, uint32_t at, unsigned use) {
  const ffa::Handle handle{load(r, at, parameter::global_id)};
  const uint64_t size = load(r, at, parameter::size);
  if (handle.raw() == no_memory_id && size == 0) return View{};
  const auto internal = static_cast<uint16_t>(load(r, at, parameter::internal_offset));
  FFA_TRY(const View all, use_region(r.s, r.vm, r.thread, use, handle, internal));
  const uint64_t offset = load(r, at, parameter::offset_low) | load(r, at, parameter::offset_high)
                                                                   << 32;
  if (!within(all.size, offset, size)) return Error{Tee::security};
  return View{handle, all.offset + offset, size};
}

uint32_t rpc_at(const Running& r) { return argument::size(r.thread.parameters); }

}  // namespace

uint64_t load(const Running& r, uint32_t at, Field field) {
  std::array<std::byte, 8> bytes{};
  if (!read(r.s, r.thread.argument, at + field.offset, std::span{bytes}.first(field.bytes))) {
    return 0;
  }
  return get_le(bytes, 0, field.bytes);
}

void store(const Running& r, uint32_t at, Field field, uint64_t value) {
  std::array<std::byte, 8> bytes{};
  put_le(bytes, 0, 8, value);
  (void)write(r.s, r.thread.argument, at + field.offset, std::span{bytes}.first(field.bytes));
}

Result<void, Tee> open_argument(Running& r, ffa::Handle handle, uint32_t offset) {
  Thread& thread = r.thread;
  FFA_TRY(const View all, use_region(r.s, r.vm, thread, argument_use, handle, 0));
  if (!within(all.size, offset, argument::header_bytes)) return Error{Tee::bad_parameters};
  thread.argument = View{handle, offset, argument::header_bytes};
  const auto count = static_cast<uint32_t>(load(r, 0, argument::count));
  if (count > argument::max_parameters) return Error{Tee::bad_parameters};
  const uint32_t bytes = argument::size(count) + rpc_bytes;
  if (!within(all.size, offset, bytes)) return Error{Tee::bad_parameters};
  thread.argument.size = bytes;
  thread.parameters = count;
  return {};
}

Result<void, Tee> copy_in(Running& r, uint32_t first) {
  const uint32_t count = r.thread.parameters - first;
  if (count > ta_parameters) return Error{Tee::bad_parameters};
  r.thread.first = first;
  for (uint32_t n = 0; n < count; ++n) {
    const uint32_t at = parameter_at(first + n);
    Param param{};
    FFA_TRY(param.type, type_of(load(r, at, parameter::attributes)));
    if (is_memory(param.type)) {
      FFA_TRY(param.memory, memory_param(r, at, first_param_use + n));
      param.size = param.memory.size;
    } else if (param.type != ParamType::none) {
      param.a = static_cast<uint32_t>(load(r, at, parameter::a));
      param.b = static_cast<uint32_t>(load(r, at, parameter::b));
    }
    r.thread.params[n] = param;
  }
  r.thread.param_count = count;
  return {};
}

void copy_out(const Running& r) {
  for (uint32_t n = 0; n < r.thread.param_count; ++n) {
    const Param& param = r.thread.params[n];
    const uint32_t at = parameter_at(r.thread.first + n);
    if (!goes_back(param.type)) continue;
    if (is_memory(param.type)) {
      store(r, at, parameter::size, param.size);
    } else {
      store(r, at, parameter::a, param.a);
      store(r, at, parameter::b, param.b);
    }
  }
}

void ask(const Running& r, RpcCommand command, ParamType type, uint64_t a, uint64_t b, uint64_t c) {
  const std::array<std::byte, argument::size(rpc_count)> zeros{};
  const uint32_t at = rpc_at(r);
  (void)write(r.s, r.thread.argument, at, zeros);
  store(r, at, argument::command, static_cast<uint32_t>(command));
  store(r, at, argument::result, static_cast<uint32_t>(Tee::generic));
  store(r, at, argument::count, rpc_count);
  const uint32_t first = at + parameter_at(0);
  store(r, first, parameter::attributes, static_cast<uint32_t>(type));
  store(r, first, parameter::a, a);
  store(r, first, parameter::b, b);
  store(r, first, parameter::c, c);
}

RpcAnswer answer_of(const Running& r) {
  const uint32_t at = rpc_at(r);
  const uint32_t first = at + parameter_at(0);
  return RpcAnswer{
      .result = static_cast<uint32_t>(load(r, at, argument::result)),
      .count = static_cast<uint32_t>(load(r, at, argument::count)),
      .attributes = load(r, first, parameter::attributes),
      .a = load(r, first, parameter::a),
      .b = load(r, first, parameter::b),
      .internal_offset = static_cast<uint16_t>(load(r, first, parameter::internal_offset)),
      .global_id = ffa::Handle{load(r, first, parameter::global_id)}};
}

}  // namespace spmc_model::optee
