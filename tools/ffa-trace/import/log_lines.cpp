// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/log_lines.hpp"

#include <algorithm>
#include <utility>

namespace ffa_trace {
namespace {

constexpr char escape = '\x1b';

/// Length of the terminal sequence at `text[at]`, at least 1.
size_t escape_length(const std::string& text, size_t at) {
  size_t i = at + 1;
  if (i < text.size() && text[i] == '[') {
    for (++i; i < text.size(); ++i) {
      if (text[i] >= 0x40 && text[i] <= 0x7e) return i + 1 - at;
      if (text[i] < 0x20 || text[i] > 0x3f) return i - at;
    }
    return i - at;
  }
  return std::min<size_t>(2, text.size() - at);
}

/// The text without colours and control characters; `clean` becomes false for the latter.
std::string printable(const std::string& raw, bool& clean) {
  std::string text;
  text.reserve(raw.size());
  for (size_t i = 0; i < raw.size();) {
    const char c = raw[i];
    if (c == escape) {
      i += escape_length(raw, i);
      continue;
    }
    ++i;
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      text += c;
    } else if (c == '\t') {
      text += c;
    } else {
      clean = false;
    }
  }
  return text;
}

}  // namespace

LogLines::LogLines(const std::string& file) : bytes_(file) {}

LogLines::LogLines(std::string name, std::FILE* stream, const std::string& first)
    : bytes_(std::move(name), stream, first) {}

bool LogLines::next(LogPiece& piece) {
  while (pieces_.empty()) {
    std::string_view bytes = bytes_.peek();
    if (bytes.empty()) return false;
    ++number_;
    std::string line;
    bool whole = true;
    bool ended = false;
    for (; !bytes.empty(); bytes = bytes_.peek()) {
      const sim::trace::LinePart part = sim::trace::line_part(bytes);
      const size_t kept = std::min(part.text.size(), max_line_bytes - line.size());
      whole = whole && kept == part.text.size();
      line.append(part.text.substr(0, kept));
      ended = part.ended;
      bytes_.take(part.text.size() + (ended ? 1 : 0));
      if (ended) break;
    }
    split(line, ended, whole);
  }
  piece = std::move(pieces_.front());
  pieces_.pop_front();
  return true;
}

void LogLines::split(const std::string& line, bool ended, bool whole) {
  static constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  size_t begin = number_ == 1 && line.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  while (begin <= line.size()) {
    const size_t end = std::min(line.find('\r', begin), line.size());
    LogPiece piece;
    piece.number = number_;
    piece.clean = whole;
    piece.ended = ended || end != line.size();
    piece.text = printable(line.substr(begin, end - begin), piece.clean);
    const bool empty = piece.text.empty() && (begin != 0 || end != line.size());
    if (!empty) pieces_.push_back(std::move(piece));
    begin = end + 1;
  }
}

}  // namespace ffa_trace
