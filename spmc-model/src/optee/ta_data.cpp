// SPDX-License-Identifier: BSD-3-Clause
// The TA that works on values and shared memory.
#include "src/optee/ta.hpp"

namespace spmc_model::optee {

namespace {

using enum ParamType;

/// Calls `change(bytes)` for each piece of a view, which is then written to `to`.
template <class Change>
bool transform(SpmcStorage& s, const View& from, const View& to, Change change) {
  for (uint64_t at = 0; at < from.size; at += s.page.size()) {
    const uint64_t left = from.size - at;
    const auto piece = std::span{s.page}.first(left < s.page.size() ? left : s.page.size());
    if (!read(s, from, at, piece)) return false;
    change(piece);
    if (!write(s, to, at, piece)) return false;
  }
  return true;
}

Tee result_of(bool memory_was_there) { return memory_was_there ? Tee::success : Tee::generic; }

Tee values(Thread& thread) {
  uint32_t a = 0;
  uint32_t b = 0;
  for (const Param& param : thread.params) {
    if (param.type != value_in && param.type != value_inout) continue;
    a += param.a;
    b += param.b;
  }
  for (Param& param : thread.params) {
    if (param.type == value_inout) {
      const uint32_t old = param.a;
      param.a = param.b;
      param.b = old;
    } else if (param.type == value_out) {
      param.a = a;
      param.b = b;
    } else if (param.type != value_in && param.type != none) {
      return Tee::bad_parameters;
    }
  }
  return Tee::success;
}

Tee checksum_command(Running& r) {
  Thread& thread = r.thread;
  if (!has_types(thread, {memory_in, value_out}) && !has_types(thread, {memory_inout, value_out})) {
    return Tee::bad_parameters;
  }
  Checksum sum{};
  if (!checksum(r.s, thread.params[0].memory, sum)) return Tee::generic;
  thread.params[1].a = sum.sum;
  thread.params[1].b = sum.sum_of_sums;
  return Tee::success;
}

Tee xor_command(Running& r) {
  Thread& thread = r.thread;
  if (!has_types(thread, {memory_inout, value_in})) return Tee::bad_parameters;
  const auto byte = static_cast<std::byte>(thread.params[1].a);
  const View& view = thread.params[0].memory;
  return result_of(transform(r.s, view, view, [byte](std::span<std::byte> piece) {
    for (std::byte& one : piece) one ^= byte;
  }));
}

Tee fill_command(Running& r) {
  Thread& thread = r.thread;
  if (!has_types(thread, {memory_out, value_in})) return Tee::bad_parameters;
  Param& target = thread.params[0];
  const uint32_t count = thread.params[1].b;
  target.size = count;
  if (count > target.memory.size) return Tee::short_buffer;
  const auto byte = static_cast<std::byte>(thread.params[1].a);
  const View part{target.memory.handle, target.memory.offset, count};
  return result_of(transform(r.s, part, part, [byte](std::span<std::byte> piece) {
    for (std::byte& one : piece) one = byte;
  }));
}

Tee copy_command(Running& r) {
  Thread& thread = r.thread;
  if (!has_types(thread, {memory_in, memory_out})) return Tee::bad_parameters;
  const View& from = thread.params[0].memory;
  Param& to = thread.params[1];
  to.size = from.size;
  if (from.size > to.memory.size) return Tee::short_buffer;
  return result_of(transform(r.s, from, to.memory, [](std::span<std::byte>) {}));
}

}  // namespace

bool checksum(SpmcStorage& s, const View& view, Checksum& sum) {
  for (uint64_t at = 0; at < view.size; at += s.page.size()) {
    const uint64_t left = view.size - at;
    const auto piece = std::span{s.page}.first(left < s.page.size() ? left : s.page.size());
    if (!read(s, view, at, piece)) return false;
    for (const std::byte one : piece) {
      sum.sum += std::to_integer<uint32_t>(one);
      sum.sum_of_sums += sum.sum;
    }
  }
  return true;
}

Outcome run_data(Running& r) {
  switch (static_cast<DataCommand>(r.thread.function)) {
    case DataCommand::values:
      return finish(r, values(r.thread));
    case DataCommand::checksum:
      return finish(r, checksum_command(r));
    case DataCommand::xor_with:
      return finish(r, xor_command(r));
    case DataCommand::fill:
      return finish(r, fill_command(r));
    case DataCommand::copy:
      return finish(r, copy_command(r));
  }
  return finish(r, Tee::not_supported);
}

}  // namespace spmc_model::optee
