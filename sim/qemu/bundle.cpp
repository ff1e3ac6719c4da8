// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "ffa/types.hpp"
#include "guest/bundle.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/qemu/word_writer.hpp"

namespace sim::qemu {
namespace {

constexpr size_t half_hash_digits = 16;

uint64_t hash_half(std::string_view hash, size_t from) {
  uint64_t value = 0;
  if (hash.empty()) return value;
  const char* const digits = hash.data() + from;
  std::from_chars(digits, digits + half_hash_digits, value, 16);
  return value;
}

std::optional<uint32_t> base64_digit(char c) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = digits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<uint32_t>(at);
}

/// Goes through a log line by line.
class LogReader {
 public:
  LogReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  std::vector<LoggedCase> read() {
    while (const auto line = next_line()) {
      if (line->starts_with("record  ")) {
        read_record(line->substr(8));
      } else {
        read_verdict(*line);
      }
    }
    return std::move(cases_);
  }

 private:
  [[noreturn]] void fail(const char* reason) const {
    throw InputError(fmt::format("{}:{}", file_, line_), reason);
  }

  /// Without its end, which is one of "\n" and "\r\n".
  std::optional<std::string_view> next_line() {
    if (rest_.empty()) return std::nullopt;
    std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_;
    return line;
  }

  /// "passed  NAME HASH", "failed  NAME TEXT".
  void read_verdict(std::string_view line) {
    for (const std::string_view verdict : {"passed", "differs", "ended", "failed"}) {
      if (!line.starts_with(verdict) || line.size() <= verdict.size()) continue;
      std::string_view rest = line.substr(verdict.size());
      if (rest.front() != ' ') continue;
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
      const size_t name = std::min(rest.size(), rest.find(' '));
      LoggedCase one{std::string(verdict),
                     std::string(rest.substr(0, name)),
                     std::string(rest.substr(std::min(rest.size(), name + 1))),
                     {}};
      if (one.name == record_name_) one.record = std::move(record_);
      record_name_.clear();
      record_.clear();
      cases_.push_back(std::move(one));
      return;
    }
  }

  /// `head`: "NAME BYTES"; lines of base64 follow.
  void read_record(std::string_view head) {
    const size_t space = head.rfind(' ');
    uint64_t size = 0;
    if (space == std::string_view::npos || space == 0) fail("'record' without name and length");
    const std::string_view number = head.substr(space + 1);
    const auto end = std::from_chars(number.data(), number.data() + number.size(), size);
    if (end.ec != std::errc{} || end.ptr != number.data() + number.size() || size > max_record) {
      fail("the length of a record is no number of bytes");
    }
    record_name_ = head.substr(0, space);
    record_.clear();
    while (record_.size() < size) {
      const auto line = next_line();
      if (!line) fail("the log ends in a record");
      decode(*line, size);
    }
  }

  void decode(std::string_view line, uint64_t size) {
    if (line.empty() || line.size() % 4 != 0) fail("no line of base64, in a record");
    for (size_t at = 0; at < line.size(); at += 4) {
      const size_t bytes = std::min<uint64_t>(3, size - record_.size());
      if (bytes == 0) fail("a record is longer than it says");
      uint32_t bits = 0;
      for (size_t n = 0; n < 4; ++n) {
        const auto digit = base64_digit(line[at + n]);
        const bool filler = n > bytes;
        if (filler ? line[at + n] != '=' : !digit) fail("no line of base64, in a record");
        bits = bits << 6 | (filler ? 0 : *digit);
      }
      for (size_t n = 0; n < bytes; ++n) {
        record_.push_back(static_cast<std::byte>(bits >> (16 - 8 * n)));
      }
    }
  }

  static constexpr uint64_t max_record = 1 << 30;
  std::string_view rest_;
  const std::string& file_;
  size_t line_ = 0;
  std::string record_name_;
  std::vector<std::byte> record_;
  std::vector<LoggedCase> cases_;
};

}  // namespace

std::vector<std::byte> make_bundle(std::span<const BundleEntry> entries, BundleOptions options) {
  WordWriter cases;
  for (const BundleEntry& one : entries) {
    cases.blob(std::as_bytes(std::span{one.name}));
    cases.word(hash_half(one.hash, 0));
    cases.word(hash_half(one.hash, half_hash_digits));
    cases.blob(one.package);
  }
  WordWriter out;
  out.word(guest::bundle_magic);
  out.word(guest::bundle_version);
  out.word(guest::bundle_header_bytes + cases.size());
  out.word((options.records ? guest::bundle_wants_records : 0) |
           (options.one_secure_world ? guest::bundle_one_secure_world : 0));
  out.word(entries.size());
  out.append(cases);
  return out.take();
}

std::vector<std::byte> make_payload(std::span<const std::byte> image,
                                    std::span<const std::byte> bundle) {
  std::vector<std::byte> payload(image.begin(), image.end());
  payload.resize((payload.size() + ffa::page_size - 1) / ffa::page_size * ffa::page_size);
  payload.insert(payload.end(), bundle.begin(), bundle.end());
  return payload;
}

std::vector<LoggedCase> read_uart_log(std::string_view text, const std::string& file) {
  return LogReader{text, file}.read();
}

}  // namespace sim::qemu
