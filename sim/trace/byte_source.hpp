// SPDX-License-Identifier: BSD-3-Clause
// The bytes of a file or a stream, in pieces as they come, in constant memory. Under the readers of
// traces and of logs.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sim::trace {

class ByteSource {
 public:
  /// Throws InputError where the file can't be opened.
  explicit ByteSource(const std::string& file);
  /// Reads a stream that stays the caller's, such as standard input, as soon as bytes come. `name`
  /// is its name in errors, `first` what was already taken from it.
  ByteSource(std::string name, std::FILE* stream, const std::string& first);

  [[nodiscard]] const std::string& name() const { return name_; }
  /// What has come and was not taken yet; waits for more where that is nothing. Empty at the end.
  /// Valid until the next call. Throws InputError where it can't be read.
  std::string_view peek();
  /// Takes `bytes` of what peek() gave.
  void take(size_t bytes) { at_ += bytes; }

 private:
  struct Close {
    bool owned = true;
    void operator()(std::FILE* file) const {
      if (owned) (void)std::fclose(file);
    }
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
};

/// A line's part of what has come: up to its newline, or all where it has none.
struct LinePart {
  std::string_view text;
  bool ended = false;  ///< the newline is there too
};
LinePart line_part(std::string_view bytes);

}  // namespace sim::trace
