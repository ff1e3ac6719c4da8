// SPDX-License-Identifier: BSD-3-Clause
#include "guest/bundle.hpp"

#include "guest/words.hpp"

namespace guest {
namespace {

/// Where the header has what, in words.
enum HeaderWord : size_t { magic_word, version_word, length_word, flags_word, count_word };

}  // namespace

uint64_t Bundle::length(std::span<const std::byte, bundle_header_bytes> header) {
  const auto word = [&](size_t n) { return word_at(header, n * word_bytes); };
  const bool ours = word(magic_word) == bundle_magic && word(version_word) == bundle_version;
  return ours ? word(length_word) : 0;
}

std::optional<Bundle> Bundle::open(std::span<const std::byte> bytes) {
  if (bytes.size() < bundle_header_bytes) return std::nullopt;
  if (length(bytes.first<bundle_header_bytes>()) != bytes.size()) return std::nullopt;
  const uint64_t flags = word_at(bytes, flags_word * word_bytes);
  const uint64_t count = word_at(bytes, count_word * word_bytes);
  if ((flags & ~(bundle_wants_records | bundle_one_secure_world)) != 0 ||
      count > bytes.size() / word_bytes) {
    return std::nullopt;
  }
  Bundle bundle;
  bundle.bytes_ = bytes;
  bundle.flags_ = flags;
  bundle.at_ = bundle_header_bytes;
  size_t largest = 0;
  for (uint64_t n = 0; n < count; ++n) {
    const auto one = bundle.next();
    if (!one) return std::nullopt;
    largest = std::max(largest, one->package.size());
  }
  if (bundle.at_ != bytes.size()) return std::nullopt;
  bundle.at_ = bundle_header_bytes;
  bundle.count_ = count;
  bundle.largest_ = largest;
  return bundle;
}

std::optional<BundledCase> Bundle::next() {
  const auto name = blob();
  if (!name) return std::nullopt;
  const auto high = word();
  const auto low = word();
  const auto package = blob();
  if (!high || !low || !package) return std::nullopt;
  return BundledCase{
      {reinterpret_cast<const char*>(name->data()), name->size()}, {*high, *low}, *package};
}

std::optional<uint64_t> Bundle::word() {
  if (bytes_.size() - at_ < word_bytes) return std::nullopt;
  at_ += word_bytes;
  return word_at(bytes_, at_ - word_bytes);
}

std::optional<std::span<const std::byte>> Bundle::blob() {
  const auto length = word();
  if (!length || *length > bytes_.size() - at_) return std::nullopt;
  const auto taken = bytes_.subspan(at_, *length);
  const size_t padding = (word_bytes - *length % word_bytes) % word_bytes;
  if (padding > bytes_.size() - at_ - *length) return std::nullopt;
  at_ += *length + padding;
  return taken;
}

}  // namespace guest
