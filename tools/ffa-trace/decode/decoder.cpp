// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/decode/decoder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/trace/writer.hpp"
#include "tools/ffa-trace/optee_words.hpp"
#include "tools/ffa-trace/partitions.hpp"
#include "tools/ffa-trace/words.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;
using sim::trace::Side;

constexpr uint32_t spmc_key = 0x10000;

struct Colours {
  const char* dim;
  const char* name;
  const char* error;
  const char* off;
};
constexpr Colours plain{"", "", "", ""};
constexpr Colours terminal{"\x1b[2m", "\x1b[36m", "\x1b[31m", "\x1b[0m"};

std::string who_words(const Event& event) {
  switch (event.side) {
    case Side::guest:
    case Side::irq:
      return fmt::format("vm{}.{}", event.vm, event.vcpu);
    case Side::spmc:
      return "spmc";
    case Side::linux_:
      return (event.world.empty() ? "linux" : event.world) +
             (event.has_vcpu ? fmt::format(".{}", event.vcpu) : "");
    case Side::lifecycle:
      return "host";
  }
  return {};
}

/// "x8-x17", "x3, x8-x17"; empty where all were captured.
std::string missing(sim::trace::RegisterSet known) {
  std::string words;
  for (unsigned first = 0; first < 18; ++first) {
    if ((known >> first & 1U) != 0) continue;
    unsigned last = first;
    while (last < 17 && (known >> (last + 1) & 1U) == 0) ++last;
    if (!words.empty()) words += ", ";
    words += first == last ? fmt::format("x{}", first) : fmt::format("x{}-x{}", first, last);
    first = last;
  }
  return words;
}

/// What the source of the trace did not have.
void add_absent(const Event& event, std::vector<std::string>& details) {
  const std::string call = missing(event.in_known);
  const std::string reply = event.returned() ? missing(event.out_known) : "";
  if (call == reply && !call.empty()) {
    details.push_back("not captured: " + call);
  } else {
    if (!call.empty()) details.push_back("not captured of the call: " + call);
    if (!reply.empty()) details.push_back("not captured of the reply: " + reply);
  }
}

std::string host_call_words(const Event& event) {
  if (event.side == Side::irq) return fmt::format("interrupt {}", event.result);
  return event.op == "probe" ? "" : fmt::format("VM {}", event.vm);
}

/// probe and create end with a status, the other operations with how far they came.
std::string host_reply_words(const Event& event) {
  if (event.side == Side::irq) return "delivered";
  if (event.op == "probe" || event.op == "create") {
    return ffa::status_name(static_cast<ffa::Status>(event.result));
  }
  static const char* const progress[] = {"done", "restart", "quarantined"};
  if (event.result >= 0 && event.result < 3) return progress[event.result];
  return fmt::format("{}", event.result);
}

}  // namespace

ffa::Version& Decoder::version_of(const Event& event) {
  const uint32_t key = event.side == Side::spmc ? spmc_key : event.vm;
  return versions_.try_emplace(key, ffa::v1_1).first->second;
}

bool Decoder::note_nesting(const Event& event) {
  std::erase_if(open_, [&](const auto& call) { return call.second < event.seq; });
  if (event.side == Side::guest) {
    open_[event.pcpu] = event.seq_ret;
    return false;
  }
  return event.side == Side::spmc && open_.count(event.pcpu) != 0;
}

/// The UUIDs of a list tell who may speak OP-TEE's protocol. In the answer to a query by UUID they
/// are nil.
void Decoder::note_partitions(const Event& event) {
  for (const ListedPartition& partition : partitions_of(event)) {
    if (!partition.uuid || partition.uuid->is_nil()) continue;
    bool& is_optee = is_optee_[partition.id];
    is_optee = is_optee || *partition.uuid == optee_uuid;
  }
}

bool Decoder::may_be_optee(const ffa::Regs& in) const {
  const auto known = is_optee_.find(static_cast<uint16_t>(in.w(1)));
  return known == is_optee_.end() || known->second;
}

Decoded Decoder::decode(const Event& event) {
  Decoded decoded;
  decoded.nested = note_nesting(event);
  decoded.who = who_words(event);
  if (event.side == Side::lifecycle || event.side == Side::irq) {
    decoded.function = fmt::format("{} {}", sim::trace::side_name(event.side), event.op);
    decoded.call = host_call_words(event);
    decoded.reply = host_reply_words(event);
    decoded.failed = event.side == Side::lifecycle && event.result < 0;
    return decoded;
  }
  note_partitions(event);
  const bool optee = may_be_optee(event.in);
  decoded.function = function_name(event.in.x[0]);
  decoded.call = call_words(event.in, event.in_known, optee);
  decoded.reply = reply_words(event.in, event.out, event.out_known, optee);
  decoded.failed = event.returned() && is_failure(event.in, event.out);
  if (event.conduit == "hvc") decoded.call += decoded.call.empty() ? "by HVC" : ", by HVC";
  if (ffa::is_function(event.in, ffa::Fid::version) && event.returned() && !decoded.failed) {
    version_of(event) = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
  }
  const HeaderLayout layout = header_layout(version_of(event));
  const auto sent = transactions_.note(event, layout);
  if (sent && !sent->unknown && sent->offset != 0) {
    decoded.call += ", " + place_words(*sent);
  }
  decoded.details = detail_words(event, layout, sent);
  add_absent(event, decoded.details);
  return decoded;
}

std::string to_text(const Event& event, const Decoded& decoded, bool full, bool colour) {
  const Colours& c = colour ? terminal : plain;
  const char* const indent = decoded.nested ? "    " : "";
  std::string text =
      fmt::format("{}{:>6}{} {}{:<7} {}{}{}{}{} -> {}{}{}\n", c.dim, event.seq, c.off, indent,
                  decoded.who, c.name, decoded.function, c.off, decoded.call.empty() ? "" : " ",
                  decoded.call, decoded.failed ? c.error : "", decoded.reply, c.off);
  if (!full) return text;
  for (const std::string& detail : decoded.details) {
    text += fmt::format("{}       {}        {}{}\n", c.dim, indent, detail, c.off);
  }
  return text;
}

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string to_json(const Event& event, const Decoded& decoded) {
  std::string details;
  for (const std::string& detail : decoded.details) {
    if (!details.empty()) details += ',';
    details += json_string(detail);
  }
  return fmt::format(R"({{"seq":{},"seq_ret":{},"side":"{}","who":{},"nested":{},"function":{},)"
                     R"("call":{},"reply":{},"failed":{},"details":[{}]}})",
                     event.seq, event.seq_ret, sim::trace::side_name(event.side),
                     json_string(decoded.who), decoded.nested, json_string(decoded.function),
                     json_string(decoded.call), json_string(decoded.reply), decoded.failed,
                     details);
}

}  // namespace ffa_trace
