// SPDX-License-Identifier: BSD-3-Clause
// Hex dumps beside their fields. The bytes of a field carry its number, by which the report's
// script lights up both.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"
#include "sim/report/buffer_fields.hpp"
#include "sim/report/html_parts.hpp"
#include "sim/report/markup.hpp"

namespace sim::report {
namespace {

using trace::Event;
using trace::Side;

constexpr size_t max_dumps = 8;
constexpr size_t max_bytes = 256;
constexpr size_t row_bytes = 16;

struct Dump {
  std::string title;
  const std::vector<uint8_t>* bytes = nullptr;
  std::vector<BufferField> fields;
};

/// The version that caller and callee speak, as their FFA_VERSION calls go by.
class Versions {
 public:
  ffa::Version of(const Event& event) {
    ffa::Version& spoken = spoken_.try_emplace(key(event), ffa::v1_1).first->second;
    if (ffa::is_function(event.in, ffa::Fid::version) && event.seq_ret != 0 &&
        event.out.w(0) >> 31 == 0) {
      spoken = ffa::Version{std::min(event.in.w(1), event.out.w(0))};
    }
    return spoken;
  }

 private:
  static uint32_t key(const Event& event) {
    return event.side == Side::spmc ? 0x10000U : uint32_t{event.vm};
  }
  std::map<uint32_t, ffa::Version> spoken_;
};

std::string title_of(const Event& event, const char* buffer, const VmNames& names) {
  const char* const name = ffa::fid_name(ffa::FunctionId{event.in.x[0]}.raw);
  return fmt::format("{} of {} by {}, call {}", buffer, name != nullptr ? name : "a call",
                     caller_name(event, names), event.seq);
}

std::vector<Dump> dumps_of(const std::vector<Event>& events, uint64_t end, const VmNames& names) {
  std::vector<Dump> dumps;
  Versions versions;
  for (const Event& event : events) {
    if (event.side != Side::guest && event.side != Side::spmc) continue;
    const ffa::Version spoken = versions.of(event);
    if (event.seq >= end) break;
    if (!event.tx.empty()) {
      dumps.push_back({title_of(event, "TX", names), &event.tx, tx_fields(event, spoken)});
    }
    if (!event.rx.empty()) {
      dumps.push_back({title_of(event, "RX", names), &event.rx, rx_fields(event, spoken)});
    }
  }
  return dumps;
}

/// Which field a byte belongs to, counted from 1; 0: none.
std::vector<size_t> fields_by_byte(const Dump& dump, size_t shown) {
  std::vector<size_t> numbers(shown, 0);
  for (size_t n = 0; n < dump.fields.size(); ++n) {
    const BufferField& field = dump.fields[n];
    for (size_t at = field.offset; at < std::min(field.offset + field.size, shown); ++at) {
      numbers[at] = n + 1;
    }
  }
  return numbers;
}

void add_row(pugi::xml_node parent, const Dump& dump, const std::vector<size_t>& numbers,
             size_t first) {
  const std::vector<uint8_t>& bytes = *dump.bytes;
  add_element(parent, "span", "offset", fmt::format("{:04x}", first));
  const size_t end = std::min(first + row_bytes, numbers.size());
  for (size_t at = first; at < end;) {
    size_t behind = at;
    std::string text;
    while (behind < end && numbers[behind] == numbers[at] &&
           (behind == at || behind % (row_bytes / 2) != 0)) {
      text += fmt::format("{}{:02x}", text.empty() ? "" : " ", bytes[behind++]);
    }
    add_text(parent, at % (row_bytes / 2) == 0 && at != first ? "  " : " ");
    if (numbers[at] == 0) {
      add_element(parent, "span", "", text);
    } else {
      const bool wrong = dump.fields[numbers[at] - 1].wrong;
      const char* const classes = wrong ? "wrong" : numbers[at] % 2 == 0 ? "even" : "odd";
      set_attribute(add_element(parent, "span", classes, text), "data-f", numbers[at]);
    }
    at = behind;
  }
  add_text(parent, "\n");
}

void add_fields(pugi::xml_node parent, const Dump& dump, size_t shown) {
  pugi::xml_node table = add_element(parent, "table", "fields");
  pugi::xml_node head = add_element(add_element(table, "thead"), "tr");
  for (const char* name : {"byte", "field", "value"}) add_element(head, "th", "", name);
  pugi::xml_node body = add_element(table, "tbody");
  for (size_t n = 0; n < dump.fields.size(); ++n) {
    const BufferField& field = dump.fields[n];
    if (field.offset >= shown) continue;
    if (field.name == "reserved" && !field.wrong) continue;  // zeros say nothing
    pugi::xml_node row = add_element(body, "tr", field.wrong ? "wrong" : "");
    set_attribute(row, "data-f", n + 1);
    add_element(row, "td", "number", std::to_string(field.offset));
    add_element(row, "td", "", field.name);
    add_element(row, "td", "mono", field.value);
  }
}

void add_dump(pugi::xml_node parent, const Dump& dump, bool open) {
  pugi::xml_node details = add_element(parent, "details", "more dump");
  if (open) set_attribute(details, "open", "open");
  add_element(details, "summary", "", fmt::format("{}, {} bytes", dump.title, dump.bytes->size()));
  const size_t shown = std::min(dump.bytes->size(), max_bytes);
  const std::vector<size_t> numbers = fields_by_byte(dump, shown);
  pugi::xml_node both = add_element(details, "div", "sides");
  pugi::xml_node hex = add_element(both, "pre", "hex");
  for (size_t first = 0; first < shown; first += row_bytes) add_row(hex, dump, numbers, first);
  if (shown < dump.bytes->size()) {
    add_text(hex, fmt::format("… {} bytes more\n", dump.bytes->size() - shown));
  }
  if (!dump.fields.empty()) add_fields(both, dump, shown);
}

}  // namespace

std::string caller_name(const trace::Event& event, const VmNames& names) {
  if (event.side == Side::spmc) return "mediator";
  const auto known = names.find(event.vm);
  return fmt::format("{}.{}", known != names.end() ? known->second : fmt::format("vm{}", event.vm),
                     event.vcpu);
}

void add_dumps(pugi::xml_node parent, const std::vector<trace::Event>& events, uint64_t end,
               const VmNames& names) {
  const std::vector<Dump> dumps = dumps_of(events, end, names);
  if (dumps.empty()) return;
  const size_t first = dumps.size() > max_dumps ? dumps.size() - max_dumps : 0;
  add_element(parent, "h4", "", "Buffers");
  if (first != 0) add_element(parent, "p", "note", fmt::format("{} before", first));
  for (size_t n = first; n < dumps.size(); ++n) add_dump(parent, dumps[n], n + 2 >= dumps.size());
}

}  // namespace sim::report
