// SPDX-License-Identifier: BSD-3-Clause
// Steps of memory management: a descriptor is built, edited, written into TX and sent, whole or in
// fragments. [DEN0140, DEN0077A 1.2 §16.2-16.8]
#include <fmt/format.h>

#include <algorithm>

#include "ffa/fid.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/descriptor.hpp"
#include "sim/scenario/expect_compile.hpp"
#include "sim/scenario/steps.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
using ffa::fid32;

/// A value that the guest puts into the descriptor itself, since it is known only when it runs.
struct Patch {
  uint64_t offset = 0;
  uint32_t width = 0;
  guest::Operand value;
};

/// The descriptor as it goes into TX.
struct Message {
  std::vector<uint8_t> bytes;
  std::vector<Patch> patches;
};

uint32_t send_function(const GuestStep& step) {
  const std::string op = step.node.text_or("op", "share");
  if (op == "share") return fid32(Fid::mem_share);
  if (op == "lend") return fid32(Fid::mem_lend);
  if (op == "donate") return fid32(Fid::mem_donate);
  step.node.fail_at("op", fmt::format("'{}' is not share, lend or donate", op));
}

DescriptorReceiver receiver_of(const Node& node, const GuestStep& step) {
  DescriptorReceiver receiver;
  receiver.id = step.world.endpoint_of(node.at("id"));
  if (const auto value = node.find("permissions")) receiver.permissions = permissions_of(*value);
  if (const auto value = node.find("flags")) {
    receiver.flags = static_cast<uint8_t>(constant_of(*value, step.values, 0xff));
  }
  if (const auto value = node.find("impdef")) {
    for (size_t i = 0; i < 2; ++i) receiver.impdef[i] = constant_of(value->at(i), step.values);
  }
  return receiver;
}

std::vector<DescriptorReceiver> receivers_of(const GuestStep& step) {
  const auto to = step.node.find("to");
  std::vector<DescriptorReceiver> list;
  if (!to) {
    list.push_back({.id = step.world.first_sp(step.node).id});
  } else if (to->is_string()) {
    list.push_back({.id = step.world.endpoint_of(*to)});
  } else if (to->is_array()) {
    for (const Node& node : to->elements()) list.push_back(receiver_of(node, step));
  } else {
    for (const auto& [name, permissions] : to->members()) {
      const nlohmann::json key = name;
      const uint16_t id = step.world.endpoint_of(Node{key, to->file(), permissions.pointer()});
      list.push_back({.id = id, .permissions = permissions_of(permissions)});
    }
  }
  return list;
}

DescriptorPlan plan_of(const GuestStep& step) {
  DescriptorPlan plan;
  const auto layout = step.node.find("layout");
  plan.layout = layout ? version_of(*layout) : step.guest.layout();
  plan.sender = step.endpoint("sender", step.guest.id);
  const uint64_t widest = plan.layout == ffa::v1_0 ? 0xff : 0xffff;
  plan.attributes = static_cast<uint16_t>(step.constant("attributes", 0x2f, widest));
  plan.flags = static_cast<uint32_t>(step.constant("flags", 0, 0xffffffff));
  plan.tag = step.constant("tag", 0);
  if (step.node.has("emad_size")) {
    plan.access_size = static_cast<uint32_t>(step.constant("emad_size", 0, 0xffffffff));
    if (*plan.access_size > 4096)
      step.node.fail_at("emad_size", "at most 4096; a larger one needs an edit");
  }
  plan.receivers = receivers_of(step);
  if (const auto ranges = step.node.find("ranges")) {
    for (const auto& [address, pages] : compile_ranges(*ranges, step.values)) {
      plan.ranges.push_back({address, static_cast<uint32_t>(pages)});
    }
  } else {
    const uint64_t page = step.guest.page_size;
    plan.ranges.push_back({step.guest.base + page, static_cast<uint32_t>(page / ffa::page_size)});
  }
  return plan;
}

void put_value(Message& message, const FieldPlace& place, const guest::Operand& value,
               const Node& node) {
  if (place.offset + place.width > message.bytes.size())
    node.fail("past the end of the descriptor");
  if (!is_constant(value)) {
    message.patches.push_back({place.offset, place.width, value});
  } else if (place.width < 8 && value.constant >> (8 * place.width) != 0) {
    node.fail(fmt::format("{:#x} does not fit {} byte{}", value.constant, place.width,
                          place.width == 1 ? "" : "s"));
  } else {
    put(message.bytes, place.offset, place.width, value.constant);
  }
}

void apply_edit(const Node& edit, const DescriptorPlan& plan, const GuestStep& step,
                Message& message) {
  if (edit.has("field") == edit.has("offset")) edit.fail("either field or offset is needed");
  if (edit.has("bytes") == edit.has("value")) edit.fail("either bytes or value is needed");
  FieldPlace place;
  if (const auto field = edit.find("field")) {
    const auto found = find_field(plan, field->text());
    if (!found) {
      field->fail(fmt::format("no field '{}' in this descriptor of layout {}", field->text(),
                              version_text(plan.layout)));
    }
    place = *found;
  } else {
    place.offset = constant_of(edit.at("offset"), step.values, message.bytes.size());
    place.width = static_cast<uint32_t>(edit.number_or("width", 4, 8));
  }
  if (const auto value = edit.find("value")) {
    put_value(message, place, operand_of(*value, step.values), edit);
    return;
  }
  const auto bytes = edit.at("bytes").bytes();
  if (place.offset + bytes.size() > message.bytes.size())
    edit.fail("past the end of the descriptor");
  std::copy(bytes.begin(), bytes.end(),
            message.bytes.begin() + static_cast<ptrdiff_t>(place.offset));
}

/// `append` and `truncate`.
void resize(const GuestStep& step, Message& message) {
  if (const auto more = step.node.find("append")) {
    const auto bytes = more->bytes();
    message.bytes.insert(message.bytes.end(), bytes.begin(), bytes.end());
  }
  if (const auto length = step.node.find("truncate")) {
    message.bytes.resize(constant_of(*length, step.values, message.bytes.size()));
  }
}

/// What the edits and `handle` make of a descriptor.
Message finish_message(const GuestStep& step, const DescriptorPlan& plan, Message message) {
  if (const auto handle = step.node.find("handle")) {
    put_value(message, *find_field(plan, "header.handle"), operand_of(*handle, step.values),
              *handle);
  }
  if (const auto edits = step.node.find("edit")) {
    for (const Node& edit : edits->elements()) apply_edit(edit, plan, step, message);
  }
  resize(step, message);
  return message;
}

/// A retrieve request: no ranges, and nothing says where any would be.
Message request_of(const GuestStep& step) {
  DescriptorPlan plan = plan_of(step);
  plan.sender = step.endpoint("from", step.world.guests.front().id);
  plan.attributes = static_cast<uint16_t>(step.constant("attributes", 0, 0xffff));
  if (!step.node.has("to")) {
    plan.receivers = {{.id = step.guest.id}};
    if (const auto access = step.node.find("permissions"))
      plan.receivers[0].permissions = permissions_of(*access);
  }
  Message message{build_descriptor(plan), {}};
  message.bytes.resize(find_field(plan, "composite.total_page_count")->offset);
  for (size_t n = 0; n < plan.receivers.size(); ++n) {
    const auto place = find_field(plan, fmt::format("receivers[{}].composite_offset", n));
    put(message.bytes, place->offset, place->width, 0);
  }
  return finish_message(step, plan, std::move(message));
}

/// Writes bytes [from, to) of the message to the beginning of TX, with the patches that lie in
/// them.
void write_tx(const GuestStep& step, const Message& message, uint64_t from, uint64_t to) {
  const auto begin = message.bytes.begin();
  const std::vector<uint8_t> part(begin + static_cast<ptrdiff_t>(from),
                                  begin + static_cast<ptrdiff_t>(to));
  if (!part.empty()) step.program.write(step.guest.tx, part);
  for (const Patch& patch : message.patches) {
    const bool inside = patch.offset >= from && patch.offset + patch.width <= to;
    const bool outside = patch.offset + patch.width <= from || patch.offset >= to;
    if (!inside && !outside) step.node.fail_at("cut", "a saved value lies across a cut");
    if (inside)
      step.program.write_operand(step.guest.tx + patch.offset - from, patch.width, patch.value);
  }
}

/// The ends of the fragments; the last is the length of the message.
std::vector<uint64_t> fragment_ends(const GuestStep& step, uint64_t total) {
  std::vector<uint64_t> ends;
  uint64_t at = 0;
  const auto cut = step.node.find("cut");
  if (cut && cut->is_string()) {  // "full"
    const uint64_t length = step.guest.buffer_pages * ffa::page_size;
    while (total - at > length) ends.push_back(at += length);
  } else if (cut) {
    for (const Node& length : cut->elements()) {
      at += length.number();
      if (at > total)
        length.fail(fmt::format("cuts past the end: the descriptor has {} bytes", total));
      ends.push_back(at);
    }
  }
  if (ends.empty() || ends.back() != total) ends.push_back(total);
  return ends;
}

void send_fragments(const GuestStep& step, const Message& message,
                    const std::vector<uint64_t>& ends) {
  const uint16_t slot = step.slots.define("~fragment", step.node);
  for (size_t n = 1; n < ends.size(); ++n) {
    step.program.require_reply(fid32(Fid::mem_frag_rx));
    step.program.save({.slot = slot, .source = guest::SaveSource::pair, .reg = 1});
    write_tx(step, message, ends[n - 1], ends[n]);
    const guest::Operand handle{.part = guest::SlotPart::full, .slot = slot};
    CallWriter call{fid32(Fid::mem_frag_tx)};
    call.set_pair(1, handle, step.node)
        .set(3, ends[n] - ends[n - 1])
        .set(4, uint64_t{0})
        .emit(step);
  }
}

/// The call that takes a descriptor in TX.
void write_send(const GuestStep& step, uint32_t function, const Message& message,
                uint64_t fragment) {
  CallWriter call{function_by_width(step, function, 32)};
  call.set(1, step.constant("total", message.bytes.size(), 0xffffffff));
  call.set(2, step.constant("fragment", fragment, 0xffffffff));
  call.set(3, step.operand("address", 0)).set(4, step.operand("pages", 0));
  unsigned reg = 5;
  if (const auto args = step.node.find("args")) {
    for (const Node& value : args->elements()) {
      if (reg >= guest::register_count) args->fail("a call has the registers x0 to x17");
      call.set(reg++, operand_of(value, step.values));
    }
  }
  call.emit(step);
}

}  // namespace

void compile_share(const GuestStep& step) {
  const DescriptorPlan plan = plan_of(step);
  const Message message = finish_message(step, plan, {build_descriptor(plan), {}});
  const auto ends = fragment_ends(step, message.bytes.size());
  if (step.node.flag_or("write", true)) write_tx(step, message, 0, ends.front());
  write_send(step, send_function(step), message, ends.front());
  if (ends.size() > 1) send_fragments(step, message, ends);
}

void compile_retrieve(const GuestStep& step) {
  step.step.success = SuccessForm::retrieve;
  const Message message = request_of(step);
  const uint64_t length = message.bytes.size();
  if (step.node.flag_or("write", true)) write_tx(step, message, 0, length);
  write_send(step, fid32(Fid::mem_retrieve_req), message, length);
  if (!step.node.flag_or("release", false)) return;
  step.step.success = SuccessForm::ffa;
  step.program.require_reply(fid32(Fid::mem_retrieve_resp));
  CallWriter{fid32(Fid::rx_release)}.emit(step);
}

void compile_frag_rx(const GuestStep& step) {
  step.step.success = SuccessForm::fragment;
  CallWriter call{fid32(Fid::mem_frag_rx)};
  const Node handle = step.node.at("handle");
  call.set_pair(1, operand_of(handle, step.values), handle)
      .set(3, step.operand("offset", 0))
      .set(4, step.operand("w4", 0))
      .emit(step);
}

void compile_relinquish(const GuestStep& step) {
  std::vector<uint16_t> endpoints{step.guest.id};
  if (const auto list = step.node.find("endpoints")) {
    endpoints.clear();
    for (const Node& id : list->elements()) endpoints.push_back(step.world.endpoint_of(id));
  }
  Message message{std::vector<uint8_t>(16 + 2 * endpoints.size()), {}};
  const Node handle = step.node.at("handle");
  put_value(message, {.offset = 0, .width = 8}, operand_of(handle, step.values), handle);
  put(message.bytes, 8, 4, step.constant("flags", 0, 0xffffffff));
  put(message.bytes, 12, 4, step.constant("count", endpoints.size(), 0xffffffff));
  for (size_t n = 0; n < endpoints.size(); ++n) put(message.bytes, 16 + 2 * n, 2, endpoints[n]);
  write_tx(step, message, 0, message.bytes.size());
  CallWriter{fid32(Fid::mem_relinquish)}.emit(step);
}

void compile_reclaim(const GuestStep& step) {
  CallWriter call{fid32(Fid::mem_reclaim)};
  const Node handle = step.node.at("handle");
  call.set_pair(1, operand_of(handle, step.values), handle)
      .set(3, step.operand("flags", 0))
      .emit(step);
}

}  // namespace sim::scenario
