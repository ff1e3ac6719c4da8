// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/line_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim::trace {

LineReader::LineReader(const std::string& file) : bytes_(file) {}

LineReader::LineReader(std::string name, std::FILE* stream, const std::string& first)
    : bytes_(std::move(name), stream, first) {}

std::string LineReader::place() const {
  return fmt::format("{}:{}", bytes_.name(), std::max<size_t>(number_, 1));
}

bool LineReader::next(std::string& line) {
  line.clear();
  std::string_view bytes = bytes_.peek();
  if (bytes.empty()) return false;
  ++number_;
  for (; !bytes.empty(); bytes = bytes_.peek()) {
    const LinePart part = line_part(bytes);
    if (std::any_of(part.text.begin(), part.text.end(), [](char c) {
          return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r';
        })) {
      throw InputError(place(), "not a text file: it holds control characters");
    }
    if (line.size() + part.text.size() > max_line_bytes) {
      throw InputError(place(), fmt::format("a line longer than {} bytes", max_line_bytes));
    }
    line.append(part.text);
    bytes_.take(part.text.size() + (part.ended ? 1 : 0));
    if (part.ended) break;
  }
  return true;
}

}  // namespace sim::trace
