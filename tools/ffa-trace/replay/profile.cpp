// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/replay/profile.hpp"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "ffa/names.hpp"
#include "sim/engine/input_error.hpp"
#include "spmc-model/personality.hpp"

namespace ffa_trace {
namespace {

using Json = nlohmann::json;

/// A JSON object whose keys are all known to us.
class Object {
 public:
  Object(const Json& json, std::string place) : json_(json), place_(std::move(place)) {
    if (!json.is_object()) fail("not an object");
  }
  [[noreturn]] void fail(const std::string& reason) const { throw sim::InputError(place_, reason); }
  void only(std::initializer_list<const char*> keys) const {
    for (const auto& item : json_.items()) {
      bool known = false;
      for (const char* key : keys) known = known || item.key() == key;
      if (!known) fail(fmt::format("unknown key \"{}\"", item.key()));
    }
  }
  [[nodiscard]] const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Json* const value = find(key);
    if (value == nullptr || !value->is_string()) fail(fmt::format("\"{}\": no string", key));
    return value->get<std::string>();
  }
  template <class T>
  void number(const char* key, T& into) const {
    const Json* const value = find(key);
    if (value == nullptr) return;
    const auto wanted = to_number(*value);
    if (!wanted || *wanted > std::numeric_limits<T>::max()) {
      fail(fmt::format("\"{}\": not a number in range", key));
    }
    into = static_cast<T>(*wanted);
  }
  void flag(const char* key, bool& into) const {
    const Json* const value = find(key);
    if (value == nullptr) return;
    if (!value->is_boolean()) fail(fmt::format("\"{}\": neither true nor false", key));
    into = value->get<bool>();
  }
  [[nodiscard]] std::optional<ffa::Version> version(const char* key) const {
    const Json* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) {
      for (const auto version : {ffa::v1_0, ffa::v1_1, ffa::v1_2}) {
        const std::string name = fmt::format("{}.{}", version.major(), version.minor());
        if (value->get<std::string>() == name) return version;
      }
    }
    fail(fmt::format("\"{}\": not an FF-A version", key));
  }
  [[nodiscard]] Object object(const char* key) const {
    static const Json none = Json::object();
    const Json* const value = find(key);
    return {value == nullptr ? none : *value, fmt::format("{}/{}", place_, key)};
  }
  [[nodiscard]] const Json& json() const { return json_; }
  [[nodiscard]] const std::string& place() const { return place_; }

  static std::optional<uint64_t> to_number(const Json& value) {
    if (value.is_number_unsigned()) return value.get<uint64_t>();
    if (!value.is_string()) return std::nullopt;
    const std::string text = value.get<std::string>();
    if (!text.starts_with("0x")) return std::nullopt;
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto result = std::from_chars(text.data() + 2, end, number, 16);
    if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
    return number;
  }

 private:
  const Json& json_;
  std::string place_;
};

uint32_t parse_function(const Object& object) {
  const auto function = ffa::fid_from_name(object.text("call"));
  if (!function) object.fail("\"call\": no FF-A function");
  return *function;
}

ExtraCall parse_extra_call(const Object& object) {
  object.only({"id", "activity", "call", "vm_register", "answered", "reason"});
  ExtraCall extra;
  extra.id = object.text("id");
  extra.activity = object.text("activity");
  extra.function = parse_function(object);
  object.number("vm_register", extra.vm_register);
  if (extra.vm_register < 1 || extra.vm_register > 17) object.fail("\"vm_register\": not 1 to 17");
  const Object answered = object.object("answered");
  answered.only({"call", "status"});
  extra.answered = parse_function(answered);
  const auto status = ffa::status_from_name(answered.text("status"));
  if (!status) answered.fail("\"status\": no FF-A status");
  extra.status = *status;
  extra.reason = object.text("reason");
  return extra;
}

/// Registers of a call and their values.
std::map<unsigned, uint64_t> read_when(const Object& object) {
  std::map<unsigned, uint64_t> when;
  for (const auto& item : object.json().items()) {
    const std::string key = item.key();
    unsigned reg = 0;
    const char* const end = key.data() + key.size();
    const bool is_register =
        key.starts_with("x") && std::from_chars(key.data() + 1, end, reg).ptr == end;
    const auto value = Object::to_number(item.value());
    if (!is_register || reg < 1 || reg > 17 || !value)
      object.fail("not a register x1-x17 and a value");
    when[reg] = *value;
  }
  return when;
}

Difference parse_difference(const Object& object) {
  object.only({"id", "call", "when", "guest_version", "field", "captured", "reason"});
  Difference difference;
  difference.id = object.text("id");
  difference.function = parse_function(object);
  difference.when = read_when(object.object("when"));
  difference.guest_version = object.version("guest_version");
  difference.field = object.text("field");
  difference.captured = object.text("captured");
  difference.reason = object.text("reason");
  return difference;
}

void read_mediator(const Object& object, mediator::MediatorConfig& config) {
  object.only({"spmc_buffer_pages", "max_version", "npi_id", "sri_id", "vm_message_handle",
               "vm_message_retries", "allow_hvc"});
  object.number("spmc_buffer_pages", config.spmc_buffer_pages);
  object.number("npi_id", config.npi_id);
  object.number("sri_id", config.sri_id);
  object.number("vm_message_retries", config.vm_message_retries);
  uint64_t handle = config.vm_message_handle.raw();
  object.number("vm_message_handle", handle);
  config.vm_message_handle = ffa::Handle{handle};
  if (const auto version = object.version("max_version")) config.max_version = *version;
}

void read_vm(const Object& object, mediator::VmConfig& config) {
  object.only({"max_version", "max_shares", "max_share_pages", "max_ranges", "max_rxtx_pages",
               "max_borrowers", "overlapping_shares", "max_transfers", "lends"});
  object.number("max_transfers", config.max_transfers);
  object.flag("lends", config.lends);
  object.number("max_shares", config.max_shares);
  object.number("max_share_pages", config.max_share_pages);
  object.number("max_ranges", config.max_ranges);
  object.number("max_rxtx_pages", config.max_rxtx_pages);
  object.number("max_borrowers", config.max_borrowers);
  object.flag("overlapping_shares", config.overlapping_shares);
  if (const auto version = object.version("max_version")) config.max_version = *version;
}

std::vector<PayloadHandle> read_payload_handles(const Object& object) {
  std::vector<PayloadHandle> handles;
  const Json* const list = object.find("payload_handles");
  if (list == nullptr) return handles;
  if (!list->is_array()) object.fail("\"payload_handles\": no array");
  for (size_t i = 0; i < list->size(); ++i) {
    const Object entry((*list)[i], fmt::format("{}/payload_handles/{}", object.place(), i));
    entry.only({"when", "low"});
    PayloadHandle handle;
    handle.when = read_when(entry.object("when"));
    entry.number("low", handle.low);
    if (handle.low < 3 || handle.low > 6) entry.fail("\"low\": not 3 to 6");
    handles.push_back(handle);
  }
  return handles;
}

ffa::Uuid parse_uuid(const Object& object) {
  const std::string text = object.text("uuid");
  ffa::Uuid uuid;
  bool good = text.size() == 2 * sizeof uuid.bytes;
  for (size_t i = 0; good && i < sizeof uuid.bytes; ++i) {
    const char* const at = text.data() + 2 * i;
    good = std::from_chars(at, at + 2, uuid.bytes[i], 16).ptr == at + 2;
  }
  if (!good) object.fail("\"uuid\": not 32 hexadecimal digits");
  return uuid;
}

void read_spmc(const Object& object, Profile& profile) {
  object.only({"personality", "partitions"});
  if (object.find("personality") != nullptr) profile.personality = object.text("personality");
  if (!spmc_model::find_personality(profile.personality)) {
    object.fail(fmt::format("\"personality\": no personality \"{}\"", profile.personality));
  }
  const Json* const partitions = object.find("partitions");
  if (partitions == nullptr) return;
  if (!partitions->is_array()) object.fail("\"partitions\": no array");
  for (size_t i = 0; i < partitions->size(); ++i) {
    const Object entry((*partitions)[i], fmt::format("{}/partitions/{}", object.place(), i));
    entry.only({"id", "contexts", "properties", "uuid"});
    Partition partition;
    entry.number("id", partition.id);
    entry.number("contexts", partition.contexts);
    entry.number("properties", partition.properties);
    partition.uuid = parse_uuid(entry);
    profile.partitions.push_back(partition);
  }
}

}  // namespace

const Difference* Profile::explains(const ffa::Regs& call, ffa::Version guest_version,
                                    const std::string& field, const std::string& captured) const {
  for (const Difference& difference : differences) {
    if (difference.function != call.w(0) || difference.field != field ||
        difference.captured != captured) {
      continue;
    }
    if (difference.guest_version && *difference.guest_version != guest_version) continue;
    bool fits = true;
    for (const auto& [reg, value] : difference.when) fits = fits && call.x[reg] == value;
    if (fits) return &difference;
  }
  return nullptr;
}

const ExtraCall* Profile::explains_extra(const std::string& activity, uint16_t about,
                                         const ffa::Regs& in,
                                         const std::vector<sim::trace::Event>& recorded) const {
  for (const ExtraCall& extra : extra_calls) {
    if (extra.activity != activity || extra.function != in.w(0)) continue;
    if (static_cast<uint16_t>(in.x[extra.vm_register]) != about) continue;
    for (const sim::trace::Event& record : recorded) {
      const bool answered = record.in.w(0) == extra.answered &&
                            record.out.w(0) == static_cast<uint32_t>(ffa::Fid::error) &&
                            static_cast<ffa::Status>(record.out.w(2)) == extra.status;
      if (answered) return &extra;
    }
  }
  return nullptr;
}

Profile no_profile() {
  Profile profile;
  profile.name = "none";
  return profile;
}

Profile parse_profile(const std::string& text, const std::string& place) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw sim::InputError(place, "not valid JSON");
  const Object object(json, place);
  object.only({"name", "text", "records", "mediator", "spmc", "vm", "payload_handles",
               "differences", "extra_spmc_calls"});
  Profile profile;
  profile.name = object.text("name");
  profile.text = object.text("text");
  const Json* const records = object.find("records");
  if (records == nullptr || !records->is_array()) object.fail("\"records\": no array");
  for (const Json& side : *records) {
    if (!side.is_string()) object.fail("\"records\": not an array of strings");
    profile.records.push_back(side.get<std::string>());
  }
  read_mediator(object.object("mediator"), profile.mediator);
  read_spmc(object.object("spmc"), profile);
  read_vm(object.object("vm"), profile.vm);
  profile.payload_handles = read_payload_handles(object);
  const Json* const differences = object.find("differences");
  if (differences == nullptr || !differences->is_array()) object.fail("\"differences\": no array");
  for (size_t i = 0; i < differences->size(); ++i) {
    const Json& difference = (*differences)[i];
    profile.differences.push_back(
        parse_difference(Object(difference, fmt::format("{}/differences/{}", place, i))));
  }
  const Json* const extra = object.find("extra_spmc_calls");
  if (extra == nullptr) return profile;
  if (!extra->is_array()) object.fail("\"extra_spmc_calls\": no array");
  for (size_t i = 0; i < extra->size(); ++i) {
    profile.extra_calls.push_back(
        parse_extra_call(Object((*extra)[i], fmt::format("{}/extra_spmc_calls/{}", place, i))));
  }
  return profile;
}

Profile find_profile(const std::string& name, const std::string& place) {
  if (name == "none") return no_profile();
  std::string known = "none";
  for (const EmbeddedProfile& embedded : embedded_profiles()) {
    Profile profile = parse_profile(embedded.text, embedded.file);
    if (profile.name == name) return profile;
    known += ", " + profile.name;
  }
  throw sim::InputError(place, fmt::format("no profile \"{}\"; there are {}", name, known));
}

std::optional<Profile> profile_for(const std::vector<std::string>& sides) {
  for (const EmbeddedProfile& embedded : embedded_profiles()) {
    Profile profile = parse_profile(embedded.text, embedded.file);
    if (profile.records == sides) return profile;
  }
  return std::nullopt;
}

}  // namespace ffa_trace
