// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/line_reader.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim::trace {

LineReader::LineReader(const std::string& file)
    : name_(file), file_(std::fopen(file.c_str(), "rb"), Close{true}), buffer_(size_t{1} << 16) {
  if (!file_) throw InputError(file, fmt::format("cannot open: {}", strerror(errno)));
}

LineReader::LineReader(std::string name, std::FILE* stream, const std::string& first)
    : name_(std::move(name)),
      file_(stream, Close{false}),
      buffer_(std::max(size_t{1} << 16, first.size())),
      end_(first.size()) {
  std::copy(first.begin(), first.end(), buffer_.begin());
}

std::string LineReader::place() const {
  return fmt::format("{}:{}", name_, std::max<size_t>(number_, 1));
}

bool LineReader::fill() {
  at_ = 0;
  end_ = 0;
  ssize_t got = 0;
  do {
    got = ::read(::fileno(file_.get()), buffer_.data(), buffer_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) throw InputError(name_, fmt::format("cannot read: {}", strerror(errno)));
  end_ = static_cast<size_t>(got);
  return end_ != 0;
}

bool LineReader::next(std::string& line) {
  line.clear();
  if (at_ == end_ && !fill()) return false;
  ++number_;
  for (;;) {
    const char* const begin = buffer_.data() + at_;
    const char* const newline = static_cast<const char*>(std::memchr(begin, '\n', end_ - at_));
    const size_t length = newline != nullptr ? static_cast<size_t>(newline - begin) : end_ - at_;
    if (std::any_of(begin, begin + length, [](char c) {
          return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r';
        })) {
      throw InputError(place(), "not a text file: it holds control characters");
    }
    if (line.size() + length > max_line_bytes) {
      throw InputError(place(), fmt::format("a line longer than {} bytes", max_line_bytes));
    }
    line.append(begin, length);
    at_ += length + (newline != nullptr ? 1 : 0);
    if (newline != nullptr || !fill()) return true;
  }
}

}  // namespace sim::trace
