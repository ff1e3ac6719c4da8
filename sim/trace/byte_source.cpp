// SPDX-License-Identifier: BSD-3-Clause
#include "sim/trace/byte_source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/engine/input_error.hpp"

namespace sim::trace {
namespace {

constexpr size_t piece_bytes = size_t{1} << 16;

}  // namespace

ByteSource::ByteSource(const std::string& file)
    : name_(file), file_(std::fopen(file.c_str(), "rb"), Close{true}), buffer_(piece_bytes) {
  if (!file_) throw InputError(file, fmt::format("cannot open: {}", strerror(errno)));
}

ByteSource::ByteSource(std::string name, std::FILE* stream, const std::string& first)
    : name_(std::move(name)),
      file_(stream, Close{false}),
      buffer_(std::max(piece_bytes, first.size())),
      end_(first.size()) {
  std::copy(first.begin(), first.end(), buffer_.begin());
}

std::string_view ByteSource::peek() {
  if (at_ == end_) {
    at_ = end_ = 0;
    ssize_t got = 0;
    do {
      got = ::read(::fileno(file_.get()), buffer_.data(), buffer_.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw InputError(name_, fmt::format("cannot read: {}", strerror(errno)));
    end_ = static_cast<size_t>(got);
  }
  return {buffer_.data() + at_, end_ - at_};
}

LinePart line_part(std::string_view bytes) {
  const size_t newline = bytes.find('\n');
  return {bytes.substr(0, newline), newline != std::string_view::npos};
}

}  // namespace sim::trace
