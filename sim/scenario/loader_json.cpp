// SPDX-License-Identifier: BSD-3-Clause
#include "sim/scenario/loader_json.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <vector>

#include "sim/engine/input_error.hpp"

namespace sim::scenario {
namespace {

using nlohmann::json;

/// "line:column" of a byte offset, both from 1; columns count bytes.
std::string line_and_column(const std::string& text, size_t offset) {
  size_t line = 1;
  size_t column = 1;
  for (size_t i = 0; i < std::min(offset, text.size()); ++i) {
    column = text[i] == '\n' ? 1 : column + 1;
    if (text[i] == '\n') ++line;
  }
  return fmt::format("{}:{}", line, column);
}

/// The library's message without its number and without the place, which stands in front already.
std::string bare_message(std::string message) {
  if (message.starts_with("[json.exception")) message.erase(0, message.find("] ") + 2);
  if (message.starts_with("parse error at line")) {
    const size_t colon = message.find(": ");
    if (colon != std::string::npos) message.erase(0, colon + 2);
  }
  return message;
}

/// Looks at every token once, before the document is built: what JSON itself allows and scenarios
/// do not.
class TokenCheck {
 public:
  using number_integer_t = json::number_integer_t;
  using number_unsigned_t = json::number_unsigned_t;
  using number_float_t = json::number_float_t;
  using string_t = json::string_t;
  using binary_t = json::binary_t;

  TokenCheck(const std::string& text, const std::string& file) : text_(text), file_(file) {}

  bool null() { return value(); }
  bool boolean(bool /*value*/) { return value(); }
  bool number_integer(number_integer_t /*value*/) { return value(); }
  bool number_unsigned(number_unsigned_t /*value*/) { return value(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) { return value(); }
  bool binary(binary_t& /*value*/) { return value(); }
  bool string(string_t& text) {
    if (text.size() > max_json_string) {
      fail(fmt::format("string of {} bytes; at most {}", text.size(), max_json_string));
    }
    return value();
  }
  bool start_object(size_t /*elements*/) { return open(true); }
  bool start_array(size_t /*elements*/) { return open(false); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(string_t& name) {
    Level& level = levels_.back();
    level.key = name;
    if (levels_.size() == 1 && level.keys.empty() && name != "$schema") {
      fail("'$schema' must come first");
    }
    if (!level.keys.insert(name).second) fail(fmt::format("key '{}' stands twice", name));
    return true;
  }
  bool parse_error(size_t position, const std::string& /*token*/, const json::exception& error) {
    throw InputError(file_ + ":" + line_and_column(text_, position > 0 ? position - 1 : 0),
                     bare_message(error.what()));
  }

 private:
  struct Level {
    bool is_object;
    size_t index = 0;
    std::string key;
    std::set<std::string> keys;
  };

  bool open(bool is_object) {
    if (levels_.empty() && !is_object) fail("a scenario is an object");
    if (levels_.size() == max_json_depth) fail("nested too deeply");
    levels_.push_back({is_object, 0, {}, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return levels_.empty() || value();
  }
  bool value() {
    if (levels_.empty()) fail("a scenario is an object");
    ++levels_.back().index;
    return true;
  }
  [[noreturn]] void fail(const std::string& reason) {
    json::json_pointer pointer;
    for (const Level& level : levels_) {
      if (level.is_object) {
        pointer.push_back(level.key);
      } else {
        pointer.push_back(std::to_string(level.index));
      }
    }
    throw InputError(place_of(file_, pointer.to_string()), reason);
  }

  const std::string& text_;
  const std::string& file_;
  std::vector<Level> levels_;
};

}  // namespace

std::string place_of(const std::string& file, const std::string& pointer) {
  return pointer.empty() ? file : file + ":" + pointer;
}

std::string text_at(const nlohmann::ordered_json& object, const std::string& key,
                    const std::string& file, const std::string& pointer) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) {
    throw InputError(place_of(file, pointer), fmt::format("key '{}' is missing", key));
  }
  if (!found->is_string()) throw InputError(place_of(file, pointer + "/" + key), "is no text");
  return found->get<std::string>();
}

std::string read_text_file(const std::string& file, size_t max_bytes) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rb"),
                                                               std::fclose);
  if (!stream) throw InputError(file, std::strerror(errno));
  std::string text;
  char chunk[16384];
  while (true) {
    const size_t count = std::fread(chunk, 1, sizeof chunk, stream.get());
    text.append(chunk, count);
    if (text.size() > max_bytes) {
      throw InputError(file, fmt::format("larger than {} bytes", max_bytes));
    }
    if (count == 0) break;
  }
  if (std::ferror(stream.get()) != 0) throw InputError(file, std::strerror(errno));
  return text;
}

nlohmann::ordered_json parse_json(const std::string& text, const std::string& file) {
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const json::parse_error& error) {
    throw InputError(file + ":" + line_and_column(text, error.byte > 0 ? error.byte - 1 : 0),
                     bare_message(error.what()));
  } catch (const json::exception& error) {
    throw InputError(file, bare_message(error.what()));
  }
}

nlohmann::ordered_json parse_scenario(const std::string& text, const std::string& file) {
  TokenCheck check(text, file);
  json::sax_parse(text, &check, json::input_format_t::json, true, true);
  return nlohmann::ordered_json::parse(text, nullptr, true, true);
}

}  // namespace sim::scenario
