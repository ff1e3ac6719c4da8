// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_xl_vm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "sim/engine/input_error.hpp"
#include "sim/scenario/loader_json.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

enum class Kind : uint8_t { number, flag, text, list };

struct KeyRow {
  const char* key;
  Kind kind;
  const char* pointer;
};

/// Keys that are a field of their own as they stand; `memory`, `vcpus` and the like are below.
constexpr KeyRow key_rows[] = {
    {"tee", Kind::text, "/tee"},
    {"ffa_id", Kind::number, "/id"},
    {"ffa_aarch64", Kind::flag, "/aarch64"},
    {"ffa_peers", Kind::list, "/peers"},
    {"ffa_reaches_sps", Kind::flag, "/reaches_sps"},
    {"ffa_visible_to_vms", Kind::flag, "/visible_to_vms"},
    {"ffa_overlapping_shares", Kind::flag, "/overlapping_shares"},
    {"ffa_max_version", Kind::text, "/limits/version"},
    {"ffa_max_shares", Kind::number, "/limits/shares"},
    {"ffa_max_share_pages", Kind::number, "/limits/share_pages"},
    {"ffa_max_ranges", Kind::number, "/limits/ranges"},
    {"ffa_max_rxtx_pages", Kind::number, "/limits/rxtx_pages"},
    {"ffa_max_borrowers", Kind::number, "/limits/borrowers"},
    {"ffa_max_transfers", Kind::number, "/limits/transfers"},
    {"ffa_lends", Kind::flag, "/limits/lends"},
};

/// Where Xen puts a guest's RAM on Arm: 3 GiB at 1 GiB, the rest at 8 GiB.
constexpr uint64_t low_ram_base = 0x40000000;
constexpr uint64_t low_ram_mib = 3072;
constexpr uint64_t high_ram_base = 0x200000000;
constexpr uint64_t most_ram_mib = 1ULL << 20;
/// What the RAM of a silent world holds beside what else is in it.
constexpr uint64_t fitting_bytes = 128ULL << 20;
constexpr uint64_t silent_ram_bytes = 256ULL << 20;

class Reader {
 public:
  Reader(const std::vector<XlSetting>& settings, const std::string& file)
      : settings_(settings), file_(file) {}

  XlVm read() {
    for (const XlSetting& setting : settings_) {
      if (!add(setting)) vm_.unused.push_back(setting);
    }
    add_vcpus();
    // As xl: a guest has no TEE where its file asks for none.
    if (first("tee") == nullptr) vm_.fields.push_back({"/tee", "none", 1});
    return std::move(vm_);
  }

 private:
  [[noreturn]] void fail(const XlSetting& setting, const std::string& reason) const {
    throw InputError(fmt::format("{}:{}", file_, setting.line), reason);
  }
  const XlSetting* first(std::string_view key) const {
    const auto found = std::find_if(settings_.begin(), settings_.end(),
                                    [&](const auto& setting) { return setting.key == key; });
    return found == settings_.end() ? nullptr : &*found;
  }

  /// False for a setting that is of no concern here.
  bool add(const XlSetting& setting) {
    const auto row = std::find_if(std::begin(key_rows), std::end(key_rows),
                                  [&](const KeyRow& r) { return setting.key == r.key; });
    if (row != std::end(key_rows)) {
      vm_.fields.push_back({row->pointer, value_of(setting, row->kind), setting.line});
    } else if (setting.key == "name") {
      if (text(setting).empty()) fail(setting, "the name is empty");
    } else if (setting.key == "memory") {
      add_memory(setting);
    } else if (setting.key == "ffa_borrow_window") {
      add_window(setting);
    } else if (setting.key.starts_with("ffa_")) {
      fail(setting, fmt::format("unknown key '{}'; known: {}", setting.key, known_keys()));
    } else if (setting.key != "vcpus" && setting.key != "maxvcpus") {
      return false;
    }
    if (const XlSetting* const other = first(setting.key); other != &setting) {
      fail(setting, fmt::format("key '{}' stands in line {} already", setting.key, other->line));
    }
    return true;
  }

  static std::string known_keys() {
    std::string keys = "ffa_borrow_window";
    for (const KeyRow& row : key_rows) {
      if (std::string_view{row.key}.starts_with("ffa_")) keys += fmt::format(", {}", row.key);
    }
    return keys;
  }

  /// xl takes a number in quotes for a number.
  json number(const XlSetting& setting, const json& value) const {
    if (value.is_number_integer()) return value;
    const auto parsed = value.is_string() ? xl_number(value.get<std::string>()) : std::nullopt;
    if (!parsed) fail(setting, fmt::format("'{}' is a number", setting.key));
    return *parsed;
  }
  std::string text(const XlSetting& setting) const {
    if (!setting.value.is_string()) fail(setting, fmt::format("'{}' is a string", setting.key));
    return setting.value.get<std::string>();
  }
  json value_of(const XlSetting& setting, Kind kind) const {
    switch (kind) {
      case Kind::number:
        return number(setting, setting.value);
      case Kind::flag:
        return number(setting, setting.value) != 0;
      case Kind::text:
        return ascii(setting, text(setting));
      case Kind::list:
        break;
    }
    if (!setting.value.is_array()) fail(setting, fmt::format("'{}' is a list", setting.key));
    for (const json& element : setting.value) {
      if (element.is_string()) ascii(setting, element.get<std::string>());
    }
    return setting.value;
  }
  /// What goes on into the scenario may come back in a message.
  std::string ascii(const XlSetting& setting, std::string value) const {
    const auto is_odd = [](char c) { return c < 0x20 || c > 0x7e; };
    if (std::any_of(value.begin(), value.end(), is_odd)) {
      fail(setting, fmt::format("'{}' has characters other than printable ASCII", setting.key));
    }
    return value;
  }

  void add_memory(const XlSetting& setting) {
    const json size = number(setting, setting.value);
    if (size < 1 || size > most_ram_mib) {
      fail(setting, fmt::format("{} MiB is out of range: 1 to {}", size.dump(), most_ram_mib));
    }
    const auto mib = size.get<uint64_t>();
    const auto region = [](uint64_t ipa, uint64_t mib_here) {
      return json{{"ipa", ipa}, {"size", mib_here << 20}};
    };
    json regions = json::array({region(low_ram_base, std::min(mib, low_ram_mib))});
    if (mib > low_ram_mib) regions.push_back(region(high_ram_base, mib - low_ram_mib));
    vm_.fields.push_back({"/memory", std::move(regions), setting.line});
  }

  void add_window(const XlSetting& setting) {
    if (!setting.value.is_array() || setting.value.size() != 2) {
      fail(setting, "'ffa_borrow_window' is a list [base, pages]");
    }
    json window{{"base", number(setting, setting.value[0])},
                {"pages", number(setting, setting.value[1])}};
    vm_.fields.push_back({"/borrow_window", std::move(window), setting.line});
  }

  /// A VM has `maxvcpus`, of which `vcpus` run when it starts; the guest may start the others.
  void add_vcpus() {
    const XlSetting* const online = first("vcpus");
    const XlSetting* const most = first("maxvcpus");
    const XlSetting* const said = most != nullptr ? most : online;
    if (said == nullptr) return;
    const json count = number(*said, said->value);
    if (online != nullptr && number(*online, online->value) > count) {
      fail(*online, "more vcpus than maxvcpus");
    }
    vm_.fields.push_back({"/vcpus", count, said->line});
  }

  const std::vector<XlSetting>& settings_;
  const std::string& file_;
  XlVm vm_;
};

std::string note_of(const std::string& file, const std::vector<XlSetting>& unused) {
  std::string note;
  for (const XlSetting& setting : unused) {
    note += fmt::format("{}{} (line {})", note.empty() ? "" : ", ", setting.key, setting.line);
  }
  return fmt::format("{}: not used: {}", file, note);
}

std::string read_config(const std::string& path, const std::string& place) {
  try {
    return read_text_file(path, max_xl_bytes);
  } catch (const InputError& error) {
    throw InputError(place, error.what());
  }
}

/// Adds the fields of one file to a VM, whose pointer in the scenario is `at`.
void add_fields(json& vm, const XlVm& given, const std::string& path, const std::string& at,
                Origins& origins) {
  for (const XlField& field : given.fields) {
    const json::json_pointer pointer{field.pointer};
    const auto parent = pointer.parent_pointer();
    const bool wrong_parent = vm.contains(parent) && !vm.at(parent).is_object();
    if (wrong_parent || vm.contains(pointer)) continue;
    vm[pointer] = field.value;
    origins[at + field.pointer] = fmt::format("{}:{}", path, field.line);
  }
}

/// Guests as they run on a board have more memory than a world that says nothing of it.
void make_room(json& world, Origins& origins) {
  uint64_t bytes = 0;
  std::string last;
  for (const auto& [name, vm] : world.at("vms").items()) {
    const auto origin =
        origins.find((json::json_pointer{"/world/vms"} / name / "memory").to_string());
    if (origin == origins.end()) continue;
    for (const json& region : vm.at("memory")) bytes += region.at("size").get<uint64_t>();
    last = origin->second;
  }
  if (world.contains("ram") || bytes <= fitting_bytes) return;
  world["ram"] = bytes + silent_ram_bytes;
  origins["/world/ram"] = last;
}

}  // namespace

XlVm vm_of_xl(const std::vector<XlSetting>& settings, const std::string& file) {
  return Reader(settings, file).read();
}

Origins add_xl_files(json& document, const std::string& file, std::vector<std::string>& notes) {
  Origins origins;
  const json::json_pointer vms{"/world/vms"};
  if (!document.contains(vms) || !document.at(vms).is_object()) return origins;
  for (auto& [name, vm] : document.at(vms).items()) {
    if (!vm.is_object() || !vm.contains("config") || !vm.at("config").is_string()) continue;
    const std::string at = (vms / name).to_string();
    const std::filesystem::path config = vm.at("config").get<std::string>();
    const std::string path = (std::filesystem::path(file).parent_path() / config).string();
    const std::string text = read_config(path, place_of(file, at + "/config"));
    const XlVm given = vm_of_xl(parse_xl(text, path), path);
    vm.erase("config");
    add_fields(vm, given, path, at, origins);
    if (!given.unused.empty()) notes.push_back(note_of(path, given.unused));
  }
  make_room(document.at("world"), origins);
  return origins;
}

std::string origin_of(const Origins& origins, const std::string& file, const std::string& pointer) {
  json::json_pointer at{pointer};
  while (!at.empty()) {
    const auto found = origins.find(at.to_string());
    if (found != origins.end()) return found->second;
    at.pop_back();
  }
  return place_of(file, pointer);
}

std::string with_origin(const Origins& origins, const std::string& file, std::string message) {
  const std::string prefix = file + ":/";
  const size_t end = message.find(": ", prefix.size());
  if (!message.starts_with(prefix) || end == std::string::npos) return message;
  const size_t begin = prefix.size() - 1;
  return origin_of(origins, file, message.substr(begin, end - begin)) + message.substr(end);
}

}  // namespace sim::scenario
