// SPDX-License-Identifier: BSD-3-Clause
// Steps of direct messages, FFA_RUN and notifications. [DEN0077A 1.2 chapters 15 and 16]
#include <fmt/format.h>

#include "ffa/fid.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/steps.hpp"
#include "spmc-model/sp_protocol.hpp"

namespace sim::scenario {
namespace {

using ffa::Fid;
using ffa::fid32;
namespace protocol = spmc_model::sp_protocol;

protocol::Operation operation_of(const Node& node) {
  using protocol::Operation;
  static const std::map<std::string, Operation> table = {
      {"retrieve", Operation::retrieve},
      {"relinquish", Operation::relinquish},
      {"read_word", Operation::read_word},
      {"write_word", Operation::write_word},
      {"checksum", Operation::checksum},
      {"count_pages", Operation::count_pages},
      {"count_ranges", Operation::count_ranges},
      {"prepare", Operation::prepare},
      {"response", Operation::response},
      {"speak", Operation::speak},
      {"rx", Operation::rx},
      {"refuse", Operation::refuse},
      {"crash", Operation::crash},
      {"message_size", Operation::message_size},
      {"message_word", Operation::message_word},
      {"release_message", Operation::release_message},
  };
  const auto found = table.find(node.text());
  if (found == table.end())
    node.fail(fmt::format("'{}' is nothing that a memory_user does", node.text()));
  return found->second;
}

uint64_t access_of(const Node& node) {
  const std::string text = node.text();
  if (text == "granted") return static_cast<uint64_t>(protocol::Access::granted);
  if (text == "ro") return static_cast<uint64_t>(protocol::Access::read_only);
  if (text == "rw") return static_cast<uint64_t>(protocol::Access::read_write);
  node.fail(fmt::format("'{}' is not granted, ro or rw", text));
}

uint64_t field_of(const Node& node) {
  using protocol::Field;
  static const std::map<std::string, Field> table = {
      {"total_length", Field::total_length},
      {"fragment_length", Field::fragment_length},
      {"handle", Field::handle},
      {"sender", Field::sender},
      {"tag", Field::tag},
      {"attributes", Field::attributes},
      {"flags", Field::flags},
      {"entries", Field::entries},
      {"own_only", Field::own_only},
      {"own_id", Field::own_id},
      {"permissions", Field::permissions},
      {"entry_flags", Field::entry_flags},
      {"composite", Field::composite},
      {"impdef", Field::impdef},
      {"keep_rx", Field::keep_rx},
      {"frag_offset", Field::frag_offset},
      {"frag_handle", Field::frag_handle},
      {"first_only", Field::first_only},
  };
  const auto found = table.find(node.text());
  if (found == table.end())
    node.fail(fmt::format("'{}' is no field of a request that a memory_user makes", node.text()));
  return static_cast<uint64_t>(found->second);
}

uint64_t rx_action_of(const Node& node) {
  const std::string text = node.text();
  if (text == "release") return static_cast<uint64_t>(protocol::RxAction::release);
  if (text == "unmap") return static_cast<uint64_t>(protocol::RxAction::unmap);
  if (text == "map") return static_cast<uint64_t>(protocol::RxAction::map);
  node.fail(fmt::format("'{}' is not release, unmap or map", text));
}

/// The word of a request that says more about its operation, where a key of its own gives it.
std::optional<uint64_t> argument_of(const GuestStep& step, protocol::Operation operation) {
  using protocol::Operation;
  struct Key {
    const char* name;
    Operation operation;
    uint64_t (*read)(const Node&);
  };
  static const Key keys[] = {
      {"access", Operation::retrieve, access_of},
      {"field", Operation::prepare, field_of},
      {"version", Operation::speak, version_word},
      {"action", Operation::rx, rx_action_of},
  };
  std::optional<uint64_t> argument;
  for (const Key& key : keys) {
    const auto node = step.node.find(key.name);
    const bool fits = key.operation == operation;
    if (node && !fits) node->fail(fmt::format("does not go with op {}", step.node.at("op").text()));
    if (node) argument = key.read(*node);
    if (!node && fits && operation != Operation::retrieve)
      step.node.fail(fmt::format("op {} needs '{}'", step.node.at("op").text(), key.name));
  }
  return argument;
}

const SpSpec& memory_user(const GuestStep& step) {
  if (const auto sp = step.node.find("sp")) {
    const SpSpec& found = step.world.sp_of(*sp);
    if (found.kind != SpKind::memory_user)
      sp->fail(fmt::format("{} is no memory_user", found.name));
    return found;
  }
  for (const SpSpec& sp : step.world.spec.sps) {
    if (sp.kind == SpKind::memory_user) return sp;
  }
  step.node.fail("no SP of this world is a memory_user");
}

/// BIND, UNBIND and SET: two ids, flags, and a bitmap in two registers.
void bitmap_call(const GuestStep& step, Fid function, uint64_t endpoints) {
  CallWriter call{fid32(function)};
  call.set(1, endpoints).set(2, step.operand("flags", 0));
  const auto bitmap = step.node.find("bitmap");
  call.set_pair(3, step.operand("bitmap", 1), bitmap ? *bitmap : step.node).emit(step);
}

}  // namespace

void compile_direct(const GuestStep& step) {
  step.step.success = SuccessForm::direct;
  const auto to = step.node.find("to");
  const uint16_t receiver = to ? step.world.endpoint_of(*to) : step.world.first_sp(step.node).id;
  CallWriter call{function_by_width(step, fid32(Fid::msg_send_direct_req), 32)};
  call.set(1, ids(step.endpoint("sender", step.guest.id), receiver)).set(2, step.operand("w2", 0));
  unsigned reg = first_payload;
  if (const auto payload = step.node.find("payload")) {
    for (const Node& word : payload->elements()) {
      if (reg > 7) payload->fail("a direct request carries five words");
      call.set(reg++, operand_of(word, step.values));
    }
  } else {
    for (; reg <= 7; ++reg) call.set(reg, 0x51f15e00ULL + 0x11ULL * reg);
  }
  call.emit(step);
}

void compile_ask(const GuestStep& step) {
  step.step.success = SuccessForm::direct;
  step.step.asks_sp = true;
  const protocol::Operation operation = operation_of(step.node.at("op"));
  CallWriter call{function_by_width(step, fid32(Fid::msg_send_direct_req), 32)};
  call.set(1, ids(step.guest.id, memory_user(step).id)).set(2, uint64_t{0});
  call.set(first_payload + protocol::operation_word, static_cast<uint64_t>(operation));
  // What an SP is to get wrong is 64 bits wide and goes where a handle goes.
  const bool prepares = operation == protocol::Operation::prepare;
  const char* const pair = prepares ? "value" : "handle";
  const auto in_pair = step.node.find(pair);
  static_assert(protocol::handle_high_word == protocol::handle_low_word + 1);
  call.set_pair(first_payload + protocol::handle_low_word, step.operand(pair, 0),
                in_pair ? *in_pair : step.node);
  const auto argument = argument_of(step, operation);
  call.set(first_payload + protocol::offset_word,
           argument ? constant_operand(*argument) : step.operand("offset", 0));
  if (!prepares) call.set(first_payload + protocol::value_word, step.operand("value", 0));
  if (operation == protocol::Operation::crash) step.step.judged_by_default = false;
  call.emit(step);
}

void compile_run(const GuestStep& step) {
  step.step.judged_by_default = false;
  const auto sp = step.node.find("sp");
  const uint16_t target = sp ? step.world.endpoint_of(*sp) : step.world.first_sp(step.node).id;
  const auto vcpu = static_cast<uint16_t>(step.constant("vcpu", 0, 0xffff));
  CallWriter{fid32(Fid::run)}.set(1, ids(target, vcpu)).emit(step);
}

void compile_bind(const GuestStep& step) {
  const uint16_t sender =
      step.node.has("sp") ? step.endpoint("sp", 0) : step.world.first_sp(step.node).id;
  bitmap_call(step, Fid::notification_bind, ids(sender, step.endpoint("receiver", step.guest.id)));
}

void compile_unbind(const GuestStep& step) {
  const uint16_t sender =
      step.node.has("sp") ? step.endpoint("sp", 0) : step.world.first_sp(step.node).id;
  bitmap_call(step, Fid::notification_unbind,
              ids(sender, step.endpoint("receiver", step.guest.id)));
}

void compile_set(const GuestStep& step) {
  const uint16_t receiver =
      step.node.has("sp") ? step.endpoint("sp", 0) : step.world.first_sp(step.node).id;
  bitmap_call(step, Fid::notification_set, ids(step.endpoint("sender", step.guest.id), receiver));
}

void compile_get(const GuestStep& step) {
  const auto vcpu = static_cast<uint16_t>(step.constant("vcpu", step.vcpu, 0xffff));
  CallWriter call{fid32(Fid::notification_get)};
  call.set(1, ids(vcpu, step.endpoint("receiver", step.guest.id)))
      .set(2, step.operand("flags", 1))
      .emit(step);
}

void compile_info_get(const GuestStep& step) {
  CallWriter{function_by_width(step, fid32(Fid::notification_info_get), 64)}.emit(step);
}

}  // namespace sim::scenario
