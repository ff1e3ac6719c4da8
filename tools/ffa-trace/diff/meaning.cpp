// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/diff/meaning.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/field_words.hpp"
#include "tools/ffa-trace/optee_words.hpp"
#include "tools/ffa-trace/partitions.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

MeantField text(const std::string& name, const std::string& value) {
  return {MeantField::Kind::text, name, value, 0};
}

MeantField handle(const std::string& name, uint64_t number) {
  return {MeantField::Kind::handle, name, fmt::format("{:#x}", number), number};
}

std::string field_name(const Field& field) {
  if (*field.label != '\0') return field.label;
  switch (field.kind) {
    case Kind::sender_receiver:
      return "sender and receiver";
    case Kind::endpoint_vcpu:
    case Kind::vcpu_endpoint:
      return "endpoint and vCPU";
    case Kind::status:
      return "status";
    case Kind::version:
      return "version";
    case Kind::query:
      return "query";
    default:
      return fmt::format("x{}", field.reg);
  }
}

bool is_address(Kind kind) { return kind == Kind::address || kind == Kind::address_if_set; }

void add_fields(std::vector<MeantField>& list, std::span<const Field> fields, const ffa::Regs& regs,
                bool addresses, Told& told) {
  for (const Field& field : fields) {
    for (unsigned i = 0; i < field_width(field.kind, regs); ++i) told.set(field.reg + i);
    if (is_address(field.kind) && !addresses) continue;
    if (field.kind == Kind::handle) {
      list.push_back(handle(field_name(field), dword(regs, field.reg)));
    } else if (field.kind == Kind::start_index_tag) {
      list.push_back(text("first index", fmt::format("{}", regs.w(field.reg) & 0xffff)));
      list.push_back({MeantField::Kind::tag, "tag", fmt::format("{:#x}", regs.w(field.reg) >> 16),
                      regs.w(field.reg) >> 16});
    } else {
      list.push_back(text(field_name(field), field_value(field, regs)));
    }
  }
}

/// Registers that no table names. One that is not listed holds zero.
void add_rest(std::vector<MeantField>& list, const ffa::Regs& regs, const Told& told) {
  for (unsigned i = 1; i < regs.x.size(); ++i) {
    if (told.test(i) || regs.x[i] == 0) continue;
    list.push_back(text(fmt::format("x{}", i), fmt::format("{:#x}", regs.x[i])));
  }
}

bool is_direct(const ffa::Regs& regs) {
  using ffa::Fid;
  return ffa::is_function(regs, Fid::msg_send_direct_req) ||
         ffa::is_function(regs, Fid::msg_send_direct_resp) ||
         ffa::is_function(regs, Fid::msg_send_direct_req2) ||
         ffa::is_function(regs, Fid::msg_send_direct_resp2);
}

/// w2 has bit 31 set: the framework's, not the partition's message.
bool is_framework(const ffa::Regs& regs) { return is_direct(regs) && (regs.w(2) >> 31) != 0; }

std::string error_words(const ffa::Regs& out) {
  const std::string name =
      ffa::status_name(static_cast<ffa::Status>(static_cast<int32_t>(out.w(2))));
  return name == "UNKNOWN" ? fmt::format("ERROR {:#x}", out.w(2)) : "ERROR " + name;
}

std::string reply_name(const Event& event) {
  if (!event.returned()) return "no return seen";
  if (call_number(event.in) == 0x63 && !is_failure(event.in, event.out)) return "version";
  if (is_failure(event.in, event.out) && !ffa::is_error(event.out)) return "SMCCC NOT_SUPPORTED";
  if (ffa::is_error(event.out)) return error_words(event.out);
  std::string name = function_name(event.out.x[0]);
  if (name.starts_with("FFA_")) name.erase(0, 4);
  return name == "SUCCESS_32" ? "SUCCESS" : name;
}

std::string receiver_value(const Receiver& receiver) {
  return fmt::format(
      "permissions {:#x}, flags {:#x}{}", receiver.permissions, receiver.flags,
      receiver.impdef.empty() ? "" : ", impdef " + sim::trace::to_hex(receiver.impdef));
}

std::string problems_of(const Descriptor& descriptor) {
  std::string words;
  for (const std::string& problem : descriptor.problems) add_word(words, problem);
  return words.empty() ? "well-formed" : words;
}

/// The same fields for every layout; ranges as the fewest runs.
void add_descriptor(std::vector<MeantField>& list, const Descriptor& descriptor, bool addresses) {
  list.push_back(text("descriptor.sender", endpoint_name(descriptor.sender)));
  list.push_back(text("descriptor.attributes", fmt::format("{:#x}", descriptor.attributes)));
  list.push_back(text("descriptor.flags", fmt::format("{:#x}", descriptor.flags)));
  if (descriptor.handle != 0) list.push_back(handle("descriptor.handle", descriptor.handle));
  list.push_back(text("descriptor.tag", fmt::format("{:#x}", descriptor.tag)));
  for (const Receiver& receiver : sorted(descriptor.receivers)) {
    list.push_back(
        text(fmt::format("descriptor.receiver {:#06x}", receiver.id), receiver_value(receiver)));
  }
  list.push_back(text("descriptor.pages", fmt::format("{}", descriptor.total_pages)));
  list.push_back(text("descriptor.form", problems_of(descriptor)));
  if (!addresses) return;
  size_t n = 0;
  for (const PageRun& run : merged(descriptor.ranges)) {
    list.push_back(text(fmt::format("descriptor.run[{}]", n++),
                        fmt::format("{:#x}, {} pages", run.address, run.pages)));
  }
}

/// What a call has in TX beside a transaction: a retrieve request, a relinquish, a message.
void add_tx(std::vector<MeantField>& list, const Event& event, HeaderLayout layout,
            bool addresses) {
  if (event.tx.empty()) return;
  if (call_number(event.in) == 0x74) {
    add_descriptor(list, parse_descriptor(event.tx, event.in.w(1), layout), addresses);
    return;
  }
  auto rest = event.tx.begin();
  if (call_number(event.in) == 0x76 && event.tx.size() >= 8) {
    uint64_t number = 0;
    for (size_t i = 8; i-- > 0;) number = number << 8 | event.tx[i];
    list.push_back(handle("relinquish.handle", number));
    rest += 8;
  }
  list.push_back(text("tx", sim::trace::to_hex({rest, event.tx.end()})));
}

}  // namespace

HeaderLayout MeaningReader::layout_of(const Event& event) {
  const uint32_t key = event.side == Side::spmc ? 0x10000U : event.vm;
  ffa::Version& version = versions_.try_emplace(key, ffa::v1_1).first->second;
  if (ffa::is_function(event.in, ffa::Fid::version) && event.returned() &&
      !is_failure(event.in, event.out)) {
    version = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
  }
  return header_layout(version);
}

void MeaningReader::note(Event event) {
  if (event.side == Side::lifecycle || event.side == Side::irq) {
    if (!ignored_.host) note_host(event);
    return;
  }
  if (event.side == Side::spmc && ignored_.spmc) return;
  if (event.side == Side::linux_) kernel_as_vm(event, kernel_as_);
  note_call(event);
}

void MeaningReader::note_host(const Event& event) {
  Meaning meaning;
  meaning.side = event.side;
  meaning.vm = event.vm;
  meaning.seq = event.seq;
  meaning.seq_ret = event.seq_ret;
  meaning.function = event.op;
  meaning.reply.push_back(
      text(event.side == Side::irq ? "interrupt" : "result", fmt::format("{}", event.result)));
  meaning.words = fmt::format("-> {}", event.result);
  meaning.key = key_of(meaning);
  meanings_.push_back(std::move(meaning));
}

void MeaningReader::note_call(Event& event) {
  const auto sent = transactions_.note(event, layout_of(event));
  if (sent && sent->offset != 0) {
    const auto begun = begun_.find(sent->first_seq);
    if (begun != begun_.end()) {
      Meaning& meaning = meanings_[begun->second];
      add_transaction(meaning, event, *sent);
      if (!sent->open) begun_.erase(begun);
      return;
    }
  }
  Meaning meaning;
  meaning.side = event.side;
  meaning.vm = event.vm;
  meaning.seq = event.seq;
  meaning.seq_ret = event.seq_ret;
  meaning.function = function_name(event.in.x[0]);
  meaning.words = call_words(event.in, event.in_known);
  meaning.words += " -> " + reply_words(event.in, event.out, event.out_known);
  const bool begins = begins_transaction(event.in);
  if (begins) {
    if (sent->open) begun_[event.seq] = meanings_.size();
    add_transaction(meaning, event, *sent);
  } else {
    add_registers(meaning, event);
  }
  if (!ignored_.vcpu && event.side == Side::guest) {
    meaning.reply.push_back(text("vCPU", fmt::format("{}", event.vcpu)));
  }
  if (!event.rule.empty()) meaning.reply.push_back(text("rule", event.rule));
  if (!begins) meaning.key = key_of(meaning);
  meanings_.push_back(std::move(meaning));
}

void MeaningReader::add_registers(Meaning& meaning, const Event& event) {
  Told told;
  const bool addresses = !ignored_.addresses;
  const uint32_t number = call_number(event.in);
  if (number == 0x74) told.set(1).set(2);  // lengths go with the layout
  if (number != 0x74) add_fields(meaning.call, call_fields(number), event.in, addresses, told);
  if (is_direct(event.in)) {
    add_message(meaning, event);
    return;
  }
  add_rest(meaning.call, event.in, told);
  add_tx(meaning.call, event, layout_of(event), addresses);
  Told replied;
  meaning.reply.push_back(text("reply", reply_name(event)));
  if (!partitions_of(event).empty()) {
    add_partitions(meaning, event);
    return;
  }
  if (ffa::is_success(event.out) && number == 0x64) {
    meaning.reply.push_back(text("features", features_words(event.in, event.out, replied)));
  } else if (ffa::is_success(event.out)) {
    add_fields(meaning.reply, success_fields(call_number(event.in)), event.out, addresses, replied);
  } else if (ffa::is_error(event.out)) {
    replied.set(2);
  } else {
    add_fields(meaning.reply, call_fields(call_number(event.out)), event.out, addresses, replied);
  }
  if (reply_name(event) == "version") {
    meaning.reply.push_back(
        text("version", fmt::format("{}.{}", event.out.w(0) >> 16, event.out.w(0) & 0xffff)));
  }
  add_rest(meaning.reply, event.out, replied);
  if (!event.rx.empty()) meaning.reply.push_back(text("rx", sim::trace::to_hex(event.rx)));
}

/// A direct message and its answer. Handles inside OP-TEE's messages are handles.
void MeaningReader::add_message(Meaning& meaning, const Event& event) {
  const auto add_payload = [&](std::vector<MeantField>& list, const ffa::Regs& regs, Told told) {
    if (is_framework(regs) || !ignored_.payload) add_rest(list, regs, told);
  };
  Told asked;
  asked.set(1);
  const auto optee = optee_call(event.in);
  const uint64_t named = dword(event.in, 4);
  if (!is_framework(event.in) && optee && optee->names_handle &&
      origin_.contains({event.side, named})) {
    meaning.call.push_back(handle("handle in the message", named));
    asked.set(4).set(5);
  }
  add_payload(meaning.call, event.in, asked);
  meaning.reply.push_back(text("reply", reply_name(event)));
  Told answered;
  if (ffa::is_error(event.out)) {
    answered.set(2);
  } else {
    add_fields(meaning.reply, call_fields(call_number(event.out)), event.out, true, answered);
  }
  if (is_direct(event.out)) {
    const bool yielding = optee && optee->kind != OpteeCall::Kind::other;
    if (yielding && !is_framework(event.in) && !ignored_.payload) {
      meaning.reply.push_back(text("OP-TEE", optee_response_words(event.in, event.out)));
      answered.set(3);
      if (event.out.w(3) == 0) answered.set(4);
      if (event.out.w(3) == 0 && event.out.w(4) != 0) answered.set(7);
    }
    add_payload(meaning.reply, event.out, answered);
  } else {
    add_rest(meaning.reply, event.out, answered);
  }
}

/// Each partition is a field of its own, by its id.
void MeaningReader::add_partitions(Meaning& meaning, const Event& event) {
  Told told;
  told.set(2).set(3);  // how many entries there are, and how long each is
  if (ffa::is_function(event.in, ffa::Fid::partition_info_get_regs)) {
    for (unsigned reg = 4; reg < event.out.x.size(); ++reg) told.set(reg);
    const uint64_t tag = event.out.x[2] >> 32 & 0xffff;
    meaning.reply.push_back({MeantField::Kind::tag, "tag", fmt::format("{:#x}", tag), tag});
  }
  std::map<std::string, std::string> sorted_by_id;
  for (const ListedPartition& partition : partitions_of(event)) {
    add_word(sorted_by_id[fmt::format("partition {:#06x}", partition.id)],
             partition_words(partition));
  }
  for (const auto& [name, words] : sorted_by_id) meaning.reply.push_back(text(name, words));
  add_rest(meaning.reply, event.out, told);
}

/// Called again for each further fragment: the meaning is that of all together.
void MeaningReader::add_transaction(Meaning& meaning, const Event& event,
                                    const SentFragment& sent) {
  std::vector<MeantField> call;
  if (!ignored_.addresses) call.push_back(text("buffer", fmt::format("{:#x}", sent.send.x[3])));
  if (sent.has_bytes()) {
    add_descriptor(call, whole_descriptor(sent), !ignored_.addresses);
  } else {
    call.push_back(text("descriptor", "not recorded"));
  }
  Told lengths_and_buffer;
  lengths_and_buffer.set(1).set(2).set(3);
  add_rest(call, sent.send, lengths_and_buffer);
  // What was said of vCPU and rule comes behind.
  const auto keep = std::find_if(meaning.reply.begin(), meaning.reply.end(), [](const auto& field) {
    return field.name == "vCPU" || field.name == "rule";
  });
  std::vector<MeantField> reply;
  const bool unfinished = !sent.complete && !sent.refused;
  reply.push_back(text("reply", unfinished ? "unfinished" : reply_name(event)));
  if (sent.complete) {
    reply.push_back(handle("handle", sent.handle));
  }
  Told told;
  told.set(2).set(3);
  if (!unfinished) add_rest(reply, event.out, told);
  reply.insert(reply.end(), keep, meaning.reply.end());
  meaning.call = std::move(call);
  meaning.reply = std::move(reply);
  meaning.seq_ret = event.seq_ret;
  meaning.key = key_of(meaning);
  if (!sent.complete) return;
  meaning.new_handle = sent.handle;
  origin_[{meaning.side, sent.handle}] = meaning.key;
}

uint32_t MeaningReader::key_of(const Meaning& meaning) {
  std::string key =
      fmt::format("{} {} {}", static_cast<unsigned>(meaning.side), meaning.vm, meaning.function);
  for (const MeantField& field : meaning.call) {
    key += fmt::format("|{}=", field.name);
    if (field.kind == MeantField::Kind::text) key += field.value;
    if (field.kind != MeantField::Kind::handle) continue;
    const auto origin = origin_.find({meaning.side, field.number});
    key += origin == origin_.end() ? "unknown" : fmt::format("#{}", origin->second);
  }
  return keys_.of(key);
}

std::vector<Meaning> MeaningReader::finish() { return std::move(meanings_); }

}  // namespace ffa_trace
