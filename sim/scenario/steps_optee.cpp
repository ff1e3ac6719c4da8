// SPDX-License-Identifier: BSD-3-Clause
// The step `optee`: requests to an OP-TEE-like service. The guest writes an argument structure into
// memory that it shared, sends the direct request, answers RPCs and resumes.
#include <fmt/format.h>

#include <algorithm>

#include "ffa/fid.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/optee_builder.hpp"
#include "sim/scenario/optee_message.hpp"
#include "sim/scenario/steps.hpp"
#include "spmc-model/optee.hpp"

namespace sim::scenario {
namespace {

namespace ta = spmc_model::optee;

constexpr unsigned thread_register = 7;
constexpr uint64_t call_with_arg = 0x80000000;
constexpr uint64_t call_resume = 0x80000001;
constexpr uint64_t meta_value_in = 0x101;
constexpr uint64_t page_of_arguments = 0x1000;  // behind `base`: the page that `share` shares

enum class OpKind : uint8_t { registers, message, resume };

struct Op {
  OpKind kind = OpKind::registers;
  uint32_t number = 0;     ///< service in w3, or command in the structure
  bool has_code = true;    ///< registers: w3 of the answer is an error code
  bool has_result = true;  ///< message: the service writes `ret`
};

Op op_of(const Node& node) {
  static const std::map<std::string, Op> table = {
      {"api_version", {.number = 0, .has_code = false}},
      {"os_version", {.number = 1, .has_code = false}},
      {"capabilities", {.number = 2}},
      {"unregister", {.number = 3}},
      {"enable_notif", {.number = 5}},
      {"open_session", {.kind = OpKind::message, .number = 0}},
      {"invoke", {.kind = OpKind::message, .number = 1}},
      {"close_session", {.kind = OpKind::message, .number = 2}},
      {"cancel", {.kind = OpKind::message, .number = 3}},
      {"bottom_half", {.kind = OpKind::message, .number = 6, .has_result = false}},
      {"stop_notif", {.kind = OpKind::message, .number = 7, .has_result = false}},
      {"call", {.kind = OpKind::message, .number = 0, .has_result = false}},
      {"resume", {.kind = OpKind::resume}},
  };
  const auto found = table.find(node.text());
  if (found == table.end())
    node.fail(fmt::format("'{}' is no request to an OP-TEE-like service", node.text()));
  return found->second;
}

const SpSpec& service_of(const GuestStep& step) {
  if (const auto sp = step.node.find("sp")) {
    const SpSpec& found = step.world.sp_of(*sp);
    if (found.kind != SpKind::optee) sp->fail(fmt::format("{} is no optee", found.name));
    return found;
  }
  for (const SpSpec& sp : step.world.spec.sps) {
    if (sp.kind == SpKind::optee) return sp;
  }
  step.node.fail("no SP of this world is an optee");
}

ffa::Uuid ta_of(const Node& node) {
  if (node.text() == "data") return ta::data_ta;
  if (node.text() == "worker") return ta::worker_ta;
  if (node.text() == "single") return ta::single_ta;
  return uuid_of(node);
}

guest::Operand function_of_ta(const Node& node, const ValueContext& values) {
  using ta::DataCommand, ta::WorkerCommand, ta::SingleCommand;
  const auto number = [](auto command) { return static_cast<uint32_t>(command); };
  static const std::map<std::string, uint32_t> table = {
      {"values", number(DataCommand::values)},       {"checksum", number(DataCommand::checksum)},
      {"xor", number(DataCommand::xor_with)},        {"fill", number(DataCommand::fill)},
      {"copy", number(DataCommand::copy)},           {"preempt", number(WorkerCommand::preempt)},
      {"allocate", number(WorkerCommand::allocate)}, {"wait", number(WorkerCommand::wait)},
      {"wake", number(WorkerCommand::wake)},         {"time", number(WorkerCommand::time)},
      {"post", number(WorkerCommand::post)},         {"collect", number(WorkerCommand::collect)},
      {"count", number(SingleCommand::count)},       {"panic", number(SingleCommand::panic)},
  };
  if (node.is_string()) {
    const auto found = table.find(node.text());
    if (found != table.end()) return constant_operand(found->second);
  }
  return operand_of(node, values);
}

void request(const GuestStep& step, CallWriter& call) {
  const uint64_t ids = uint64_t{step.guest.id} << 16 | service_of(step).id;
  call.set(1, ids).set(2, uint64_t{0});
}

uint32_t request_function(const GuestStep& step) {
  return function_by_width(step, ffa::fid32(ffa::Fid::msg_send_direct_req), 32);
}

/// Keys that stand beside `op`, apart from those of every step.
void allow(const GuestStep& step, std::initializer_list<std::string_view> keys) {
  static const std::initializer_list<std::string_view> every = {
      "do", "op", "text", "repeat", "on", "sp", "conduit", "rest", "save", "width", "expect"};
  const auto in = [](const auto& list, const std::string& key) {
    return std::find(list.begin(), list.end(), key) != list.end();
  };
  for (const auto& [key, value] : step.node.members()) {
    if (!in(every, key) && !in(keys, key)) {
      value.fail(fmt::format("does not go with {}", step.node.at("op").text()));
    }
  }
}

void registers_only(const GuestStep& step, const Op& op) {
  CallWriter call{request_function(step)};
  request(step, call);
  call.set(first_payload, op.number);
  if (op.number == 3) {
    allow(step, {"handle"});
    const Node handle = step.node.at("handle");
    call.set_pair(first_payload + 1, operand_of(handle, step.values), handle);
  } else if (op.number == 5) {
    allow(step, {"value"});
    call.set(first_payload + 1, step.operand("value", 0));
  } else {
    allow(step, {});
  }
  step.optee.current = OpteeRequest{.place = {}, .has_code = op.has_code, .yields = false};
  call.emit(step);
}

/// What `save` may name beside registers: the thread, and fields of the structure.
CallWriter::SaveNames save_names(const std::optional<OpteePlace>& place) {
  return [place](const std::string& name) -> std::optional<guest::SaveOp> {
    if (name == "thread") {
      return guest::SaveOp{.reg = thread_register, .width = 32};
    }
    const auto field = place ? find_optee_field(name, place->params) : std::nullopt;
    if (!field) return {};
    return guest::SaveOp{.source = guest::SaveSource::memory,
                         .width = static_cast<uint8_t>(8 * field->width),
                         .ipa = place->ipa + field->offset};
  };
}

/// The saved value of the thread leads to the structure from now on.
void remember(const GuestStep& step, const OpteePlace& place) {
  const auto save = step.node.find("save");
  if (!save) return;
  for (const auto& [name, what] : save->members()) {
    if (!what.is_string() || what.text() != "thread") continue;
    const uint16_t slot = step.slots.define(slot_name(name, step.values.repetition), what);
    step.optee.by_thread_slot[slot] = place;
  }
}

void header_fields(const GuestStep& step, const Op& op, OpteeBuilder& message, uint32_t count) {
  const bool any = step.node.at("op").text() == "call";
  message.set("cmd", any ? step.operand("cmd", 0) : constant_operand(op.number));
  if (const auto function = step.node.find("func")) {
    message.set("func", function_of_ta(*function, step.values));
  }
  message.set("session", step.operand("session", 0));
  message.set("cancel_id", step.operand("cancel_id", 0));
  message.set("ret", optee_poison);
  message.set("origin", optee_poison + 1);
  message.set("num_params", step.operand("count", count));
}

void open_session_params(const GuestStep& step, OpteeBuilder& message) {
  const ffa::Uuid uuid = ta_of(step.node.at("ta"));
  const auto client = step.node.find("client");
  const ffa::Uuid client_uuid = client ? uuid_of(*client) : ffa::Uuid{};
  for (const auto& [at, value] : {std::pair{"params[0].", uuid}, {"params[1].", client_uuid}}) {
    message.set(std::string{at} + "attr", meta_value_in);
    message.set(std::string{at} + "a", value.dword(0));
    message.set(std::string{at} + "b", value.dword(1));
  }
  message.set("params[1].c", step.operand("login", 0));
}

void message_call(const GuestStep& step, const Op& op) {
  const std::string name = step.node.at("op").text();
  const bool opens = name == "open_session";
  allow(step, {"handle", "ipa", "offset", "session", "func", "cancel_id", "params", "count", "edit",
               "write", opens ? "ta" : "", opens ? "login" : "", opens ? "client" : "",
               name == "call" ? "cmd" : ""});
  const auto params = step.node.find("params");
  const uint32_t meta = opens ? 2 : 0;
  const uint32_t count = meta + (params ? static_cast<uint32_t>(params->size()) : 0);
  OpteeBuilder message{step.values, step.node, count};
  header_fields(step, op, message, count);
  if (opens) open_session_params(step, message);
  for (uint32_t n = meta; n < count; ++n) message.param(n, params->at(size_t{n - meta}));
  if (const auto edits = step.node.find("edit")) message.edits(*edits);
  const uint64_t offset = step.constant("offset", 0, 0xffffffff);
  const uint64_t ipa = step.constant("ipa", step.guest.base + page_of_arguments + offset);
  if (step.node.flag_or("write", true)) message.image().write(step.program, ipa);
  const OpteePlace place{step.guest.id, ipa, count, op.has_result};
  step.optee.current = OpteeRequest{.place = place, .has_code = true, .yields = true};
  CallWriter call{request_function(step)};
  request(step, call);
  const Node handle = step.node.at("handle");
  call.set(first_payload, call_with_arg)
      .set_pair(first_payload + 1, operand_of(handle, step.values), handle)
      .set(first_payload + 3, offset)
      .also_saves(save_names(place))
      .emit(step);
  remember(step, place);
}

/// The guest's side of an RPC: the result, and the parameters that it gives back.
void write_answer(const GuestStep& step, const Node& answer,
                  const std::optional<OpteePlace>& place) {
  if (!place) answer.fail("nobody knows where the RPC is: `thread` is no value that a step saved");
  if (place->vm != step.guest.id) answer.fail("the structure of this thread is another VM's");
  const auto params = answer.find("params");
  const auto count = params ? static_cast<uint32_t>(params->size()) : 0;
  if (count > optee_rpc_params) params->fail("an RPC has at most 4 parameters");
  const uint64_t rpc = place->ipa + optee_message_bytes(place->params);
  const auto ret = answer.find("ret");
  const auto word = ret && ret->is_string() ? tee_code(ret->text()) : std::nullopt;
  const guest::Operand result = word  ? constant_operand(*word)
                                : ret ? operand_of(*ret, step.values)
                                      : constant_operand(0);
  step.program.write_operand(rpc + find_optee_field("ret", 0)->offset, 4, result);
  if (const auto written = answer.find("count")) {
    step.program.write_operand(rpc + find_optee_field("num_params", 0)->offset, 4,
                               operand_of(*written, step.values));
  }
  OpteeBuilder message{step.values, answer, count};
  for (uint32_t n = 0; n < count; ++n) message.param(n, params->at(size_t{n}));
  if (const auto edits = answer.find("edit")) message.edits(*edits);
  OpteeImage image = message.image();
  if (image.touches(0, optee_header_bytes)) {
    answer.fail_at("edit",
                   "an answer is edited in its parameters; ret and count have their own keys");
  }
  image.drop_front(optee_header_bytes);
  if (!image.bytes.empty()) image.write(step.program, rpc + optee_header_bytes);
}

void resume(const GuestStep& step) {
  allow(step, {"thread", "answer"});
  const guest::Operand thread = operand_of(step.node.at("thread"), step.values);
  std::optional<OpteePlace> place;
  if (!is_constant(thread)) {
    const auto found = step.optee.by_thread_slot.find(thread.slot);
    if (found != step.optee.by_thread_slot.end()) place = found->second;
  }
  if (const auto answer = step.node.find("answer")) write_answer(step, *answer, place);
  step.optee.current = OpteeRequest{.place = place, .has_code = true, .yields = true};
  CallWriter call{request_function(step)};
  request(step, call);
  call.set(first_payload, call_resume)
      .set(thread_register, thread)
      .also_saves(save_names(place))
      .emit(step);
  if (place) remember(step, *place);
}

}  // namespace

void compile_optee(const GuestStep& step) {
  step.step.success = SuccessForm::direct;
  const Op op = op_of(step.node.at("op"));
  switch (op.kind) {
    case OpKind::registers:
      return registers_only(step, op);
    case OpKind::message:
      return message_call(step, op);
    case OpKind::resume:
      return resume(step);
  }
}

}  // namespace sim::scenario
