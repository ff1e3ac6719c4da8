// SPDX-License-Identifier: BSD-3-Clause
#include "sim/cli/saved_case.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "sim/engine/input_error.hpp"
#include "sim/trace/atomic_file.hpp"

namespace sim::cli {
namespace {

namespace fs = std::filesystem;

/// "rxtx/two_senders[guest=1.1]" → "rxtx_two_senders_guest_1.1"
std::string flat(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.';
    if (kept) {
      text += c == '.' ? '_' : c;
    } else if (!text.empty() && text.back() != '_') {
      text += '_';
    }
  }
  while (!text.empty() && text.back() == '_') text.pop_back();
  return text;
}

}  // namespace

std::string save_case(const std::string& folder, const ReadyCase& ready,
                      const std::string& choices) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw InputError(folder, error.message());
  const std::string stem = flat(ready.loaded.data.name);
  const std::string chapter =
      fs::absolute(folder).lexically_normal().append("x").parent_path().filename().string();
  nlohmann::json doc = ready.loaded.data.doc;
  doc["$schema"] = "../schema/scenario.json";
  doc["name"] = chapter + "/" + stem;
  // Silent, a seed would decide.
  doc["choices"] = choices.empty() && doc.contains("threads") ? "0:schedule=0" : choices;
  doc.erase("explore");
  // Everything is replaced; what asks for a value by `when` still finds it.
  for (const auto& [variable, value] : ready.loaded.data.variables) {
    doc["matrix"][variable] = {value};
  }
  const std::string file = (fs::path(folder) / (stem + ".json")).string();
  trace::AtomicFile out(file);
  out.commit(doc.dump(2) + "\n");
  return file;
}

}  // namespace sim::cli
