// SPDX-License-Identifier: BSD-3-Clause
// Captures of a real OP-TEE as these tests read them: by a JSON library and nothing of ours.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "world.hpp"

namespace spmc_test {

/// What the captured system was.
struct Capture {
  const char* file;
  const char* side;  ///< of the records that crossed into the secure world
  bool several_vms;  ///< OP-TEE built for several VMs
  size_t counted;    ///< in the file by hand: what the test says
};

inline void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.file; }

/// A parametrized test's name.
inline std::string capture_name(const testing::TestParamInfo<Capture>& info) {
  std::string name = info.param.file;
  name = name.substr(0, name.find('.'));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

inline Regs registers(const nlohmann::json& list) {
  Regs regs;
  for (size_t i = 0; i < list.size(); ++i) {
    regs.x[i] = std::stoull(list[i].get<std::string>(), nullptr, 16);
  }
  return regs;
}

inline std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// Calls `each` with every record of the capture's side, in order.
template <class Each>
void for_each_record(const Capture& capture, Each each) {
  std::ifstream file(std::string(SOURCE_DIR "/scenarios/captured/") + capture.file);
  ASSERT_TRUE(file.is_open());
  std::string line;
  while (std::getline(file, line)) {
    const auto record = nlohmann::json::parse(line);
    if (record["side"] == capture.side) each(record);
  }
}

}  // namespace spmc_test
