// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/reader.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "sim/engine/input_error.hpp"
#include "sim/trace/line_reader.hpp"

namespace sim::trace {
namespace {

using Json = nlohmann::json;

Json parse_json(const std::string& line, const std::string& place) {
  try {
    return Json::parse(line);
  } catch (const Json::parse_error& error) {
    throw InputError(place, error.byte > line.size()
                                ? std::string("cut: the JSON object does not end")
                                : fmt::format("not valid JSON at column {}", error.byte));
  } catch (const Json::out_of_range&) {
    throw InputError(place, "a number is larger than any that can be told");
  }
}

/// One record's fields, each taken once; what is left over at the end is unknown.
class Fields {
 public:
  Fields(const Json& object, const std::string& place) : object_(object), place_(place) {
    if (!object.is_object()) fail("not a JSON object");
  }
  [[noreturn]] void fail(const std::string& reason) const { throw InputError(place_, reason); }
  [[nodiscard]] bool has(const char* key) const { return object_.contains(key); }

  const Json& required(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) fail(fmt::format("no \"{}\"", key));
    used_.insert(key);
    return *found;
  }

  template <class T>
  T number(const char* key) {
    const Json& value = required(key);
    if (!value.is_number_integer()) fail(fmt::format("\"{}\": not a whole number", key));
    const bool fits =
        value.is_number_unsigned()
            ? value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<T>::max())
            : std::is_signed_v<T>;
    if (!fits) fail(fmt::format("\"{}\": {} is out of range", key, value.dump()));
    return value.get<T>();
  }

  std::string text(const char* key) {
    const Json& value = required(key);
    if (!value.is_string()) fail(fmt::format("\"{}\": not a string", key));
    return value.get<std::string>();
  }

  void all_known() const {
    for (const auto& item : object_.items()) {
      if (used_.count(item.key()) == 0) fail(fmt::format("unknown key \"{}\"", item.key()));
    }
  }

 private:
  const Json& object_;
  const std::string& place_;
  std::set<std::string_view> used_;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

uint64_t hex_number(const Json& value, const Fields& fields, const char* key) {
  if (!value.is_string()) fields.fail(fmt::format("\"{}\": not a string of hex digits", key));
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() < 3 || !text.starts_with("0x")) {
    fields.fail(fmt::format("\"{}\": \"{}\" is not a 0x number", key, text));
  }
  if (text.size() > 18) fields.fail(fmt::format("\"{}\": {} is out of range", key, text));
  uint64_t number = 0;
  for (size_t i = 2; i < text.size(); ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) fields.fail(fmt::format("\"{}\": \"{}\" is not a 0x number", key, text));
    number = number << 4 | static_cast<uint64_t>(digit);
  }
  return number;
}

std::vector<uint8_t> hex_bytes(Fields& fields, const char* key) {
  if (!fields.has(key)) return {};
  const std::string text = fields.text(key);
  if (text.size() % 2 != 0) fields.fail(fmt::format("\"{}\": an odd number of hex digits", key));
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) {
      fields.fail(fmt::format("\"{}\": not a hex digit at character {}", key, i + 1));
    }
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

struct RegisterList {
  ffa::Regs regs;
  RegisterSet known = 0;
};

/// 18 registers, or 8 where the others are zero. `null` stands for one that was not captured; a
/// list that ends in it says so of all that follow.
RegisterList registers(Fields& fields, const char* key) {
  const Json& value = fields.required(key);
  if (!value.is_array()) fields.fail(fmt::format("\"{}\": not an array", key));
  RegisterList list;
  const bool open_end = !value.empty() && value.back().is_null();
  if (value.size() > list.regs.x.size() ||
      (!open_end && value.size() != 8 && value.size() != list.regs.x.size())) {
    fields.fail(fmt::format("\"{}\": {} registers, not 8 or 18", key, value.size()));
  }
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i].is_null()) continue;
    list.regs.x[i] = hex_number(value[i], fields, key);
    list.known |= 1U << i;
  }
  if (list.known == 0) fields.fail(fmt::format("\"{}\": no register in it", key));
  if (!open_end) list.known |= all_registers & ~((1U << value.size()) - 1);
  return list;
}

/// A call's registers; one whose return was not seen has neither `seq_ret` nor `out`.
void read_registers(Fields& fields, Event& event) {
  const RegisterList in = registers(fields, "in");
  event.in = in.regs;
  event.in_known = in.known;
  if (!fields.has("seq_ret") && !fields.has("out")) {
    event.out_known = 0;
    return;
  }
  const RegisterList out = registers(fields, "out");
  event.out = out.regs;
  event.out_known = out.known;
}

std::vector<P2mRun> p2m_runs(Fields& fields) {
  std::vector<P2mRun> runs;
  if (!fields.has("p2m")) return runs;
  const Json& value = fields.required("p2m");
  if (!value.is_array()) fields.fail("\"p2m\": not an array");
  for (const Json& run : value) {
    if (!run.is_array() || run.size() != 3 || !run[2].is_number_unsigned()) {
      fields.fail("\"p2m\": a run is [\"0x ipa\", \"0x pa\", pages]");
    }
    runs.push_back({hex_number(run[0], fields, "p2m"), hex_number(run[1], fields, "p2m"),
                    run[2].get<uint64_t>()});
    const P2mRun& last = runs.back();
    const uint64_t room = (UINT64_MAX - std::max(last.ipa, last.pa)) / 4096;
    if (last.pages == 0 || last.pages > room) {
      fields.fail(fmt::format("\"p2m\": {} pages is out of range", last.pages));
    }
  }
  return runs;
}

NameList accepted_rules(Fields& fields) {
  NameList rules;
  if (!fields.has("accepted")) return rules;
  const Json& value = fields.required("accepted");
  if (!value.is_array()) fields.fail("\"accepted\": not an array");
  for (const Json& rule : value) {
    if (!rule.is_string()) fields.fail("\"accepted\": not an array of strings");
    rules.add(rule.get_ref<const std::string&>());
  }
  return rules;
}

Side parse_side(Fields& fields) {
  const std::string name = fields.text("side");
  if (name == "guest") return Side::guest;
  if (name == "spmc") return Side::spmc;
  if (name == "lifecycle") return Side::lifecycle;
  if (name == "irq") return Side::irq;
  if (name == "linux") return Side::linux_;
  fields.fail(fmt::format("\"side\": \"{}\" is none of guest, spmc, lifecycle, irq, linux", name));
}

Event event_from(const Json& json, const std::string& place) {
  Fields fields(json, place);
  Event event;
  event.side = parse_side(fields);
  event.seq = fields.number<uint64_t>("seq");
  const bool is_call = event.side != Side::lifecycle && event.side != Side::irq;
  const bool open = is_call && !fields.has("seq_ret") && !fields.has("out");
  event.seq_ret = open ? event.seq : fields.number<uint64_t>("seq_ret");
  if (event.seq_ret < event.seq || (is_call && !open && event.seq_ret == event.seq)) {
    fields.fail(fmt::format("\"seq_ret\" {} is not above \"seq\" {}", event.seq_ret, event.seq));
  }
  if (event.side != Side::linux_) {
    event.vm = fields.number<uint16_t>("vm");
    event.pcpu = fields.number<uint16_t>("pcpu");
  }
  event.has_vcpu = event.side != Side::linux_ || fields.has("vcpu");
  if (event.has_vcpu) event.vcpu = fields.number<uint16_t>("vcpu");
  if (fields.has("vcpu_ret")) event.vcpu_ret = fields.number<uint16_t>("vcpu_ret");
  if (is_call) {
    read_registers(fields, event);
    event.tx = hex_bytes(fields, "tx");
    event.rx = hex_bytes(fields, "rx");
    event.p2m = p2m_runs(fields);
  } else {
    event.op = fields.text("op");
    event.result = fields.number<int64_t>("result");
  }
  if (event.side == Side::linux_ && fields.has("world")) {
    event.world = fields.text("world");
    if (event.world != "secure") {
      fields.fail(fmt::format("\"world\": \"{}\" is not secure", event.world));
    }
  }
  if ((event.side == Side::guest || event.side == Side::linux_) && fields.has("conduit")) {
    event.conduit = fields.text("conduit");
    if (event.conduit != "smc" && event.conduit != "hvc") {
      fields.fail(fmt::format("\"conduit\": \"{}\" is neither smc nor hvc", event.conduit));
    }
  }
  if (fields.has("rule")) event.rule = fields.text("rule");
  if (fields.has("stimulus")) event.stimulus = fields.text("stimulus");
  event.accepted = accepted_rules(fields);
  fields.all_known();
  return event;
}

Header header_from(const Json& json, const std::string& place) {
  Fields fields(json, place);
  Header header;
  header.format = fields.number<uint32_t>("format");
  if (header.format != 1) {
    fields.fail(fmt::format("\"format\" {} is not known; this reader knows 1", header.format));
  }
  header.source = fields.text("source");
  if (fields.has("name")) header.name = fields.text("name");
  if (fields.has("profile")) header.profile = fields.text("profile");
  if (fields.has("seed")) header.seed = fields.text("seed");
  if (fields.has("world")) header.world = fields.required("world").dump();
  fields.all_known();
  return header;
}

}  // namespace

struct Reader::Impl {
  explicit Impl(LineReader source) : lines(std::move(source)) {}
  LineReader lines;
  std::optional<Header> header;
  std::optional<Event> first;  ///< read ahead by the constructor
  uint64_t last_seq = 0;
  bool any = false;
  std::set<uint64_t> open;  ///< seq_ret of calls that have not returned yet
  std::string line;

  /// Takes note of the event's place in the counter; throws where it is not behind the last one.
  void follow(const Event& event) {
    if (any && event.seq <= last_seq) {
      throw InputError(lines.place(),
                       fmt::format("\"seq\" {} is not above {}", event.seq, last_seq));
    }
    open.erase(open.begin(), open.lower_bound(event.seq));
    if (event.seq_ret > event.seq) open.insert(event.seq_ret);
    last_seq = event.seq;
    any = true;
  }

  /// Every counter value behind the last `seq` belongs to a return, or records are missing.
  void check_end() const {
    uint64_t expected = last_seq + 1;
    for (const uint64_t value : open) {
      if (value != expected) {
        throw InputError(lines.place(),
                         fmt::format("cut: a call returns at {}, but nothing is recorded for {}",
                                     *open.rbegin(), expected));
      }
      ++expected;
    }
  }
};

Event parse_event(const std::string& line, const std::string& place) {
  return event_from(parse_json(line, place), place);
}

Reader::Reader(const std::string& file) : Reader(LineReader(file)) {}

Reader::Reader(LineReader lines) : impl_(std::make_unique<Impl>(std::move(lines))) {
  if (!impl_->lines.next(impl_->line)) throw InputError(impl_->lines.place(), "empty file");
  const Json json = parse_json(impl_->line, impl_->lines.place());
  if (json.is_object() && json.contains("format") && !json.contains("side")) {
    impl_->header = header_from(json, impl_->lines.place());
    return;
  }
  impl_->first = event_from(json, impl_->lines.place());
  impl_->follow(*impl_->first);
}

Reader::~Reader() = default;

const std::optional<Header>& Reader::header() const { return impl_->header; }

std::string Reader::place() const { return impl_->lines.place(); }

std::optional<Event> Reader::next() {
  if (impl_->first) return std::exchange(impl_->first, std::nullopt);
  if (!impl_->lines.next(impl_->line)) {
    impl_->check_end();
    return std::nullopt;
  }
  Event event = parse_event(impl_->line, impl_->lines.place());
  impl_->follow(event);
  return event;
}

Trace read_trace(const std::string& file) {
  Reader reader(file);
  Trace trace;
  trace.header = reader.header();
  while (auto event = reader.next()) trace.events.push_back(std::move(*event));
  return trace;
}

}  // namespace sim::trace
