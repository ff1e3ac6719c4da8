// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/compile_names.hpp"

#include <fmt/format.h>

#include "ffa/fid.hpp"
#include "ffa/names.hpp"
#include "ffa/regs.hpp"

namespace sim::scenario {

std::string function_text(uint32_t function) {
  const char* name = ffa::fid_name(function);
  if (name == nullptr) return fmt::format("{:#x}", function);
  return ffa::FunctionId{function}.is_smc64() ? std::string{name} + "_64" : std::string{name};
}

uint32_t function_of(const Node& node) {
  if (!node.is_string() || node.text().starts_with("0x")) {
    return static_cast<uint32_t>(node.number(0xffffffff));
  }
  const auto id = ffa::fid_from_name(node.text());
  if (!id) node.fail(fmt::format("'{}' is not a function of FF-A", node.text()));
  return *id;
}

std::string status_text(int32_t status) {
  if (status > 0 || status < -10) return std::to_string(status);
  return ffa::status_name(static_cast<ffa::Status>(status));
}

int32_t status_of(const Node& node) {
  const auto status = ffa::status_from_name(node.text());
  if (!status) node.fail(fmt::format("'{}' is not a status", node.text()));
  return static_cast<int32_t>(*status);
}

std::string version_text(ffa::Version version) {
  return fmt::format("{}.{}", version.major(), version.minor());
}

ffa::Version version_of(const Node& node) {
  const std::string text = node.text();
  for (const ffa::Version known : {ffa::v1_0, ffa::v1_1, ffa::v1_2}) {
    if (text == version_text(known)) return known;
  }
  node.fail(fmt::format("'{}' is not 1.0, 1.1 or 1.2", text));
}

ffa::Uuid uuid_of(const Node& node) {
  std::string digits;
  for (const char c : node.text()) {
    if (c != '-') digits += c;
  }
  const nlohmann::json compact = digits;
  const auto bytes = Node{compact, node.file(), node.pointer()}.bytes();
  ffa::Uuid uuid;
  if (bytes.size() != sizeof uuid.bytes) node.fail("a UUID has 32 hexadecimal digits");
  for (size_t i = 0; i < bytes.size(); ++i) uuid.bytes[i] = bytes[i];
  return uuid;
}

}  // namespace sim::scenario
