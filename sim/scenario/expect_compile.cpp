// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/expect_compile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "mediator/rules.hpp"
#include "sim/scenario/compile_names.hpp"
#include "sim/scenario/expect_optee.hpp"
#include "sim/scenario/requirements.hpp"

namespace sim::scenario {
namespace {

constexpr uint64_t max_dump_bytes = 1 << 20;

// ---- when

std::string plain_text(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What a condition asks about: a variable first, then a fact of the world.
std::string fact(const Node& condition, const std::string& name, const ExpectContext& context) {
  const auto variable = context.variables.find(name);
  if (variable != context.variables.end()) return variable->second;
  if (name == "spmc" || name == "personality") return context.world.spec.spmc.personality;
  if (name == "spmc_version") return version_text(context.world.spec.spmc.version);
  if (name == "guest") return context.guest.version ? version_text(*context.guest.version) : "none";
  condition.fail(
      fmt::format("'{}' is neither a variable nor spmc, spmc_version, guest or fault", name));
}

bool matches(const Node& wanted, const std::string& value) {
  if (!wanted.is_array()) return plain_text(wanted.json()) == value;
  return std::any_of(wanted.json().begin(), wanted.json().end(),
                     [&](const auto& one) { return plain_text(one) == value; });
}

struct When {
  bool possible = true;
  std::optional<bool> fault_fired;
};

When compile_when(const Node& entry, const ExpectContext& context) {
  When when;
  const auto node = entry.find("when");
  if (!node) return when;
  for (const auto& [name, wanted] : node->members()) {
    if (name == "fault" && !context.variables.contains("fault")) {
      const std::string text = wanted.text();
      if (text != "fired" && text != "not_fired") wanted.fail("fired or not_fired is expected");
      when.fault_fired = text == "fired";
    } else if (!matches(wanted, fact(wanted, name, context))) {
      when.possible = false;
    }
  }
  return when;
}

/// The entries that may still fit when the case runs.
std::vector<std::pair<Node, When>> candidates(const Node& node, const ExpectContext& context) {
  std::vector<std::pair<Node, When>> list;
  for (const Node& entry : node.is_array() ? node.elements() : std::vector<Node>{node}) {
    const When when = compile_when(entry, context);
    if (!when.possible) continue;
    list.emplace_back(entry, when);
    if (!when.fault_fired) break;
  }
  if (list.empty()) node.fail("no entry's conditions fit this case");
  return list;
}

// ---- values

ExpectedNumber expected_number(const Node& node, const ExpectContext& context) {
  ExpectedNumber number;
  if (node.is_string()) {
    const std::string text = node.text();
    if (text == "any") {
      number.any = true;
      return number;
    }
    if (const auto status = ffa::status_from_name(text)) {
      number.value = constant_operand(ffa::to_word(*status));
      return number;
    }
    if (text.starts_with("FFA_")) {
      number.value = constant_operand(function_of(node));
      return number;
    }
  }
  number.value = operand_of(node, context.values);
  return number;
}

/// "w2", "x17" → register; nothing for another key.
std::optional<std::pair<uint8_t, bool>> register_of(const std::string& key) {
  if (key.size() < 2 || key.size() > 3 || (key[0] != 'x' && key[0] != 'w')) return {};
  const auto number = parse_number(std::string_view{key}.substr(1));
  if (!number || *number > 17) return {};
  return std::pair{static_cast<uint8_t>(*number), key[0] == 'x'};
}

}  // namespace

std::vector<ExpectedRegister> expected_registers(const Node& node, const ExpectContext& context) {
  std::vector<ExpectedRegister> list;
  for (const auto& [key, value] : node.members()) {
    const auto reg = register_of(key);
    if (!reg) continue;
    list.push_back({reg->first, reg->second, expected_number(value, context), key});
  }
  return list;
}

void compile_replies(const Node& node, const ExpectContext& context, Expectation& to) {
  using Kind = ExpectedReply::Kind;
  int kinds = 0;
  if (const auto success = node.find("success")) {
    ++kinds;
    if (success->is_object()) {
      for (auto& reg : expected_registers(*success, context)) to.registers.push_back(reg);
    } else if (!success->flag()) {
      success->fail("say which error is expected instead");
    }
    to.replies.push_back({.kind = Kind::success});
  }
  if (const auto error = node.find("error")) {
    ++kinds;
    if (error->text() == "any") {
      to.replies.push_back({.kind = Kind::any_error});
    } else {
      to.replies.push_back({.kind = Kind::status, .status = status_of(*error)});
    }
  }
  if (const auto list = node.find("one_of")) {
    ++kinds;
    for (const Node& name : list->elements()) {
      const int32_t status = status_of(name);
      to.replies.push_back({.kind = status == 0 ? Kind::success : Kind::status, .status = status});
    }
  }
  if (const auto function = node.find("reply")) {
    ++kinds;
    to.replies.push_back({.kind = Kind::function, .function = function_of(*function)});
  }
  if (kinds > 1) node.fail("only one of success, error, one_of and reply can be expected");
}

namespace {

// ---- RX and lists

void compile_rx(const Node& node, const ExpectContext& context, Expectation& to) {
  const uint64_t length = context.guest.buffer_pages * ffa::page_size;
  if (const auto rx = node.find("rx")) {
    ExpectedRx expected;
    expected.dump = context.dumps.memory(context.guest.id, context.guest.rx, length);
    if (rx->has("bytes") == rx->has("prefix") && rx->has("bytes"))
      rx->fail("bytes or prefix, not both");
    if (const auto bytes = rx->find("bytes")) {
      expected.prefix = bytes->bytes();
      expected.zero_from = expected.prefix.size();
    }
    if (const auto prefix = rx->find("prefix")) expected.prefix = prefix->bytes();
    if (const auto zero = rx->find("zero_from")) {
      expected.zero_from = constant_of(*zero, context.values, length);
    }
    if (expected.prefix.size() > length) rx->fail("more bytes than the buffer has");
    to.rx = expected;
  }
  const auto entries = node.find("entries");
  if (!entries) return;
  to.entries.emplace();
  to.entries_dump = context.dumps.memory(context.guest.id, context.guest.rx, length);
  for (const Node& entry : entries->elements()) {
    ExpectedEntry expected;
    expected.id = context.world.endpoint_of(entry.at("id"));
    if (const auto value = entry.find("contexts"))
      expected.contexts = constant_of(*value, context.values, 0xffff);
    if (const auto value = entry.find("properties")) {
      expected.properties = constant_of(*value, context.values, 0xffffffff);
    }
    if (const auto value = entry.find("uuid")) {
      const ffa::Uuid uuid = uuid_of(*value);
      expected.uuid = std::vector<uint8_t>(uuid.bytes, uuid.bytes + 16);
    }
    to.entries->push_back(expected);
  }
}

// ---- SMCs

/// The SMC that a name in a list speaks of. One with `?` behind its name is made where the SPMC
/// keeps what it is about: the VM's bitmap of notifications, or the buffers of the step's VM.
/// Elsewhere there must be none.
std::optional<uint32_t> made_function(const Node& node, const ExpectContext& context) {
  if (!node.is_string() || !node.text().ends_with('?')) return function_of(node);
  const std::string name = node.text().substr(0, node.text().size() - 1);
  const bool made = name.starts_with("FFA_NOTIFICATION_")
                        ? spmc_keeps_notifications(context.world)
                        : spmc_holds_buffers(context.world, context.guest);
  if (!made) return {};
  const nlohmann::json bare = name;
  return function_of(Node{bare, node.file(), node.pointer()});
}

ExpectedReceiver expected_receiver(const Node& node, const ExpectContext& context) {
  ExpectedReceiver receiver;
  receiver.id = context.world.endpoint_of(node.at("id"));
  if (const auto value = node.find("permissions")) receiver.permissions = permissions_of(*value);
  if (const auto value = node.find("flags")) {
    receiver.flags = static_cast<uint8_t>(constant_of(*value, context.values, 0xff));
  }
  if (const auto value = node.find("impdef")) {
    receiver.impdef.emplace();
    for (const Node& word : value->elements())
      receiver.impdef->push_back(constant_of(word, context.values));
  }
  return receiver;
}

std::optional<uint64_t> optional_number(const Node& node, const char* key,
                                        const ExpectContext& context) {
  const auto value = node.find(key);
  return value ? std::optional{constant_of(*value, context.values)} : std::nullopt;
}

ExpectedSmc compile_smc(const Node& node, const ExpectContext& context) {
  ExpectedSmc smc;
  smc.pointer = node.pointer();
  if (const auto function = node.find("fid")) smc.function = made_function(*function, context);
  smc.registers = expected_registers(node, context);
  if (const auto layout = node.find("layout")) smc.layout = version_text(version_of(*layout));
  if (const auto sender = node.find("sender")) smc.sender = context.world.endpoint_of(*sender);
  smc.attributes = optional_number(node, "attributes", context);
  smc.flags = optional_number(node, "flags", context);
  smc.handle = optional_number(node, "handle", context);
  smc.tag = optional_number(node, "tag", context);
  smc.total_page_count = optional_number(node, "total_page_count", context);
  smc.range_count = optional_number(node, "range_count", context);
  smc.length = optional_number(node, "length", context);
  if (const auto list = node.find("receivers")) {
    smc.receivers.emplace();
    for (const Node& receiver : list->elements()) {
      smc.receivers->push_back(expected_receiver(receiver, context));
    }
  }
  if (node.has("ranges") && node.has("pa_ranges")) node.fail("ranges or pa_ranges, not both");
  if (const auto list = node.find("ranges")) {
    smc.ranges.emplace();
    for (const auto& [ipa, pages] : compile_ranges(*list, context.values)) {
      smc.ranges->translations.push_back(context.dumps.translation(context.guest.id, ipa, pages));
    }
  }
  if (const auto list = node.find("pa_ranges")) {
    smc.ranges.emplace();
    smc.ranges->pa_ranges = compile_ranges(*list, context.values);
  }
  return smc;
}

void compile_smcs(const Node& node, const ExpectContext& context, Expectation& to) {
  if (const auto calls = node.find("spmc_calls")) {
    if (calls->is_array()) {
      to.spmc_functions.emplace();
      for (const Node& name : calls->elements()) {
        if (const auto function = made_function(name, context))
          to.spmc_functions->push_back(*function);
      }
    } else {
      to.spmc_calls = calls->number();
    }
  }
  if (const auto pages = node.find("spmc_pages")) to.spmc_pages = pages->number();
  const auto spmc = node.find("spmc");
  if (!spmc) return;
  if (!spmc->is_array()) {
    to.smc = compile_smc(*spmc, context);
    return;
  }
  to.smcs.emplace();
  for (const Node& one : spmc->elements()) {
    const auto name = one.find("fid");
    const bool made = !name || made_function(*name, context).has_value();
    if (made) to.smcs->push_back(compile_smc(one, context));
  }
}

std::optional<std::vector<ExpectedIrq>> compile_irqs(const Node& node,
                                                     const ExpectContext& context) {
  const auto list = node.find("irq");
  if (!list) return {};
  std::vector<ExpectedIrq> irqs;
  for (const Node& one : list->elements()) {
    const auto [guest, vcpu] = vcpu_of(one.at(size_t{0}), context.world);
    const uint64_t irq = constant_of(one.at(size_t{1}), context.values, 0xffffffff);
    irqs.push_back({guest->id, vcpu, static_cast<uint32_t>(irq)});
  }
  return irqs;
}

bool rule_exists(const std::string& name) {
  for (unsigned rule = 1; rule < static_cast<unsigned>(mediator::Rule::count); ++rule) {
    if (name == mediator::rule_info(static_cast<mediator::Rule>(rule)).id) return true;
  }
  return false;
}

Expectation compile_one(const Node& node, const When& when, const ExpectContext& context) {
  Expectation to;
  to.pointer = node.pointer();
  to.when_fault_fired = when.fault_fired;
  compile_replies(node, context, to);
  for (auto& reg : expected_registers(node, context)) to.registers.push_back(reg);
  if (const auto rule = node.find("rule")) {
    to.rule = rule->text() == "none" ? "" : rule->text();
    if (!to.rule->empty() && !rule_exists(*to.rule))
      rule->fail(fmt::format("no rule '{}'", *to.rule));
  }
  to.result = node.has("result") ? std::optional{node.at("result").text()} : std::nullopt;
  if (const auto sp = node.find("sp")) to.sp_status = status_of(*sp);
  if (const auto value = node.find("value")) to.value = expected_number(*value, context);
  if (context.optee != nullptr) {
    to.tee = compile_tee(node, context, to);
  } else if (node.has("tee")) {
    node.fail_at("tee", "goes with a step `optee` only");
  }
  if (const auto fault = node.find("fault")) {
    to.any_fault = fault->is_string() && fault->text() == "any";
    if (!to.any_fault) to.fault = fault->flag();
  }
  if (const auto waits = node.find("waits")) to.waits = waits->flag();
  if (const auto count = node.find("count")) to.count = count->number();
  compile_rx(node, context, to);
  compile_smcs(node, context, to);
  to.irqs = compile_irqs(node, context);
  if (const auto memory = node.find("memory")) to.memory = compile_memory(*memory, context);
  if (const auto state = node.find("state")) to.state = compile_state(*state, context);
  to.image = compile_image(node, context);
  return to;
}

void check_fact(const Node& node, const std::string& name, const CompiledWorld& world) {
  const size_t dot = name.find('.');
  const std::string owner = name.substr(0, dot);
  if (dot == std::string::npos)
    node.fail(fmt::format("'{}' is not a fact: vm.name or spmc.name", name));
  if (owner != "spmc" && world.guest(owner) == nullptr) {
    node.fail(fmt::format("no VM '{}' in this world", owner));
  }
}

/// What a fact must be in this world: an SPMC that keeps nothing of a kind can't have what the
/// scenario names.
std::string wanted_fact(const std::string& name, const std::string& value,
                        const CompiledWorld& world) {
  const size_t dot = name.find('.');
  const GuestFacts* vm = world.guest(name.substr(0, dot));
  if (vm == nullptr) return value;
  const std::string what = name.substr(dot + 1);
  if (what == "rx" && value == "empty")
    return spmc_holds_buffers(world, *vm) ? "spmc_owned" : "free";
  if (what == "bitmap" && !spmc_keeps_notifications(world)) return "false";
  if (what == "known" && !spmc_tracks_vms(world)) return "true";
  return value;
}

}  // namespace

std::pair<const GuestFacts*, uint16_t> vcpu_of(const Node& node, const CompiledWorld& world) {
  const std::string text = node.text();
  const size_t dot = text.find('.');
  const auto number =
      parse_number(dot == std::string::npos ? "" : std::string_view{text}.substr(dot + 1));
  if (!number) node.fail(fmt::format("'{}' is not vm.vcpu", text));
  const GuestFacts* guest = world.guest(text.substr(0, dot));
  if (guest == nullptr) node.fail(fmt::format("no VM '{}' in this world", text.substr(0, dot)));
  if (*number >= guest->vcpus) {
    node.fail(
        fmt::format("{} has {} vCPU{}", guest->name, guest->vcpus, guest->vcpus == 1 ? "" : "s"));
  }
  return {guest, static_cast<uint16_t>(*number)};
}

std::vector<std::pair<uint64_t, uint64_t>> compile_ranges(const Node& node,
                                                          const ValueContext& values) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  if (node.is_array()) {
    for (const Node& one : node.elements()) {
      if (one.size() != 2) one.fail("a range is [address, pages]");
      ranges.emplace_back(constant_of(one.at(size_t{0}), values),
                          constant_of(one.at(1), values, 0xffffffff));
    }
    return ranges;
  }
  const uint64_t count = node.at("count").number(262144);
  const uint64_t first = constant_of(node.at("first"), values);
  const auto stride_node = node.find("stride");
  const auto pages_node = node.find("pages");
  const uint64_t pages = pages_node ? constant_of(*pages_node, values, 0xffffffff) : 1;
  const uint64_t stride = stride_node ? constant_of(*stride_node, values) : pages * ffa::page_size;
  for (uint64_t n = 0; n < count; ++n) ranges.emplace_back(first + n * stride, pages);
  return ranges;
}

uint8_t permissions_of(const Node& node) {
  if (!node.is_string()) return static_cast<uint8_t>(node.number(0xff));
  const std::string text = node.text();
  if (text == "none") return 0;
  if (text == "ro") return 1;
  if (text == "rw") return 2;
  return static_cast<uint8_t>(node.number(0xff));
}

std::vector<ExpectedMemory> compile_memory(const Node& list, const ExpectContext& context) {
  std::vector<ExpectedMemory> out;
  for (const Node& node : list.elements()) {
    const GuestFacts& guest =
        node.has("vm") ? context.world.guest_of(node.at("vm")) : context.guest;
    ValueContext values = context.values;
    values.base = guest.base;
    values.tx = guest.tx;
    values.rx = guest.rx;
    ExpectedMemory memory;
    memory.pointer = node.pointer();
    const uint64_t ipa = constant_of(node.at("ipa"), values);
    memory.place = fmt::format("{}:{:#x}", guest.name, ipa);
    const int kinds =
        (node.has("bytes") ? 1 : 0) + (node.has("fill") ? 1 : 0) + (node.has("unmapped") ? 1 : 0);
    if (kinds != 1) node.fail("one of bytes, fill and unmapped is needed");
    if (const auto bytes = node.find("bytes")) {
      memory.bytes = bytes->bytes();
      if (node.has("length")) node.fail_at("length", "goes with fill only");
    } else if (const auto fill = node.find("fill")) {
      const uint64_t length = constant_of(node.at("length"), values, max_dump_bytes);
      memory.bytes.assign(length, static_cast<uint8_t>(fill->number(0xff)));
    } else {
      memory.unmapped = true;
    }
    if (!memory.unmapped && memory.bytes.empty()) node.fail("no byte to look at");
    memory.dump = context.dumps.memory(guest.id, ipa, std::max<size_t>(memory.bytes.size(), 1));
    out.push_back(memory);
  }
  return out;
}

ExpectedState compile_state(const Node& node, const ExpectContext& context) {
  ExpectedState state;
  state.pointer = node.pointer();
  state.dump = context.dumps.state();
  for (const auto& [name, value] : node.members()) {
    check_fact(value, name, context.world);
    state.facts.push_back({name, wanted_fact(name, plain_text(value.json()), context.world)});
  }
  return state;
}

std::vector<Expectation> compile_expect(const Node& node, const ExpectContext& context) {
  std::vector<Expectation> list;
  for (const auto& [entry, when] : candidates(node, context)) {
    list.push_back(compile_one(entry, when, context));
  }
  return list;
}

std::vector<FinalExpectation> compile_final_expect(const Node& node, const ExpectContext& context) {
  std::vector<FinalExpectation> list;
  for (const auto& [entry, when] : candidates(node, context)) {
    FinalExpectation to;
    to.pointer = entry.pointer();
    to.when_fault_fired = when.fault_fired;
    if (const auto state = entry.find("state")) to.state = compile_state(*state, context);
    if (const auto memory = entry.find("memory")) to.memory = compile_memory(*memory, context);
    to.irqs = compile_irqs(entry, context);
    if (const auto lines = entry.find("max_log_lines")) to.max_log_lines = lines->number();
    to.consoles = compile_consoles(entry, context.world);
    if (const auto invariants = entry.find("invariants")) {
      to.all_invariants = invariants->is_string() && invariants->text() == "all";
      if (invariants->is_array()) {
        for (const Node& one : invariants->elements()) to.invariants.push_back(one.text());
      }
    }
    list.push_back(to);
  }
  return list;
}

}  // namespace sim::scenario
