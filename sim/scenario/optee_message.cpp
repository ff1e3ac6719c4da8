// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/optee_message.hpp"

#include <charconv>
#include <span>

namespace sim::scenario {
namespace {

struct MessageField {
  std::string_view name;
  uint32_t offset;
  uint32_t width;
};
//                             name          offset width
constexpr MessageField header[] = {{"cmd", 0, 4},        {"func", 4, 4},       {"session", 8, 4},
                                   {"cancel_id", 12, 4}, {"pad", 16, 4},       {"ret", 20, 4},
                                   {"origin", 24, 4},    {"num_params", 28, 4}};
constexpr MessageField parameter[] = {{"attr", 0, 8},
                                      {"a", 8, 8},
                                      {"b", 16, 8},
                                      {"c", 24, 8},
                                      {"offs_low", 8, 4},
                                      {"offs_high", 12, 2},
                                      {"internal_offs", 14, 2},
                                      {"size", 16, 8},
                                      {"global_id", 24, 8}};

struct Word {
  std::string_view name;
  uint64_t value;
};
constexpr Word codes[] = {{"SUCCESS", 0},
                          {"GENERIC", 0xffff0000},
                          {"ACCESS_DENIED", 0xffff0001},
                          {"CANCEL", 0xffff0002},
                          {"BAD_PARAMETERS", 0xffff0006},
                          {"BAD_STATE", 0xffff0007},
                          {"ITEM_NOT_FOUND", 0xffff0008},
                          {"NOT_IMPLEMENTED", 0xffff0009},
                          {"NOT_SUPPORTED", 0xffff000a},
                          {"NO_DATA", 0xffff000b},
                          {"OUT_OF_MEMORY", 0xffff000c},
                          {"BUSY", 0xffff000d},
                          {"COMMUNICATION", 0xffff000e},
                          {"SECURITY", 0xffff000f},
                          {"SHORT_BUFFER", 0xffff0010},
                          {"TARGET_DEAD", 0xffff3024}};
constexpr Word origins[] = {{"api", 1}, {"comms", 2}, {"tee", 3}, {"trusted_app", 4}};
constexpr Word rpc_commands[] = {
    {"get_time", 3}, {"notification", 4}, {"shm_alloc", 6}, {"shm_free", 7}};
constexpr Word types[] = {{"none", 0},        {"value_in", 1},  {"value_out", 2},
                          {"value_inout", 3}, {"memory_in", 5}, {"memory_out", 6},
                          {"memory_inout", 7}};
constexpr Word returns[] = {{"done", 0}, {"rpc", 1}, {"interrupted", 2}};

std::optional<uint64_t> value_of(std::span<const Word> table, std::string_view name) {
  for (const Word& word : table) {
    if (word.name == name) return word.value;
  }
  return {};
}

std::string name_of(std::span<const Word> table, uint64_t value) {
  for (const Word& word : table) {
    if (word.value == value) return std::string{word.name};
  }
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, 16).ptr;
  return "0x" + std::string(digits, end);
}

std::optional<FieldPlace> place_of(std::span<const MessageField> rows, std::string_view name,
                                   uint64_t base) {
  for (const MessageField& row : rows) {
    if (row.name == name) return FieldPlace{base + row.offset, row.width};
  }
  return {};
}

std::optional<FieldPlace> find_in(std::string_view path, uint32_t params, uint64_t base) {
  constexpr std::string_view prefix = "params[";
  if (!path.starts_with(prefix)) return place_of(header, path, base);
  path.remove_prefix(prefix.size());
  uint32_t index = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), index);
  path.remove_prefix(static_cast<size_t>(end - path.data()));
  if (error != std::errc{} || index >= params || !path.starts_with("].")) return {};
  return place_of(parameter, path.substr(2), base + optee_message_bytes(index));
}

}  // namespace

std::optional<FieldPlace> find_optee_field(std::string_view path, uint32_t params) {
  constexpr std::string_view rpc = "rpc.";
  if (!path.starts_with(rpc)) return find_in(path, params, 0);
  return find_in(path.substr(rpc.size()), optee_rpc_params, optee_message_bytes(params));
}

std::optional<uint64_t> optee_word(std::string_view path, const std::string& word) {
  if (path == "rpc.cmd") return value_of(rpc_commands, word);
  if (path.starts_with("rpc.")) path.remove_prefix(4);
  if (path == "ret") return value_of(codes, word);
  if (path == "origin") return value_of(origins, word);
  if (path.ends_with(".attr")) return value_of(types, word);
  return {};
}

std::string tee_code_text(uint64_t code) { return name_of(codes, code); }
std::optional<uint64_t> tee_code(const std::string& word) { return value_of(codes, word); }
std::optional<uint64_t> optee_param_type(const std::string& word) { return value_of(types, word); }
std::optional<uint64_t> optee_return(const std::string& word) { return value_of(returns, word); }
std::string optee_return_text(uint64_t value) { return name_of(returns, value); }

}  // namespace sim::scenario
