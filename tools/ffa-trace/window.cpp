// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/window.hpp"

#include <algorithm>

#include "tools/ffa-trace/records.hpp"

namespace ffa_trace {
namespace {

/// Appends numbers as eight bytes each: a key is for looking up, nobody reads it.
class Key {
 public:
  void add(uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) text_ += static_cast<char>(value >> (8 * i));
  }
  void add(const std::string& value) {
    add(value.size());
    text_ += value;
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_meaning(Key& key, const Descriptor& descriptor) {
  key.add(descriptor.sender);
  key.add(descriptor.attributes);
  key.add(descriptor.flags);
  key.add(descriptor.handle);
  key.add(descriptor.tag);
  key.add(descriptor.total_pages);
  key.add(descriptor.receivers.size());
  for (const Receiver& receiver : sorted(descriptor.receivers)) {
    key.add(receiver.id);
    key.add(receiver.permissions);
    key.add(receiver.flags);
    key.add(std::string(receiver.impdef.begin(), receiver.impdef.end()));
  }
  for (const PageRun& run : merged(descriptor.ranges)) {
    key.add(run.address);
    key.add(run.pages);
  }
  for (const std::string& problem : descriptor.problems) key.add(problem);
}

}  // namespace

std::string request_key(const ffa::Regs& in, const std::vector<uint8_t>& tx, HeaderLayout layout) {
  const bool send = is_memory_send(in);
  Key key;
  key.add(in.x[0]);
  for (size_t i = send ? 3 : 1; i < in.x.size(); ++i) key.add(in.x[i]);
  if (send) add_meaning(key, parse_descriptor(tx, in.w(1), layout));
  if (is(in, ffa::Fid::mem_frag_tx)) add_meaning(key, parse_fragment(tx));
  return key.take();
}

void Window::add(sim::trace::Event record) {
  keys_.push_back(request_key(record.in, record.tx, layout_));
  ended_.push_back(false);
  records_.push_back(std::move(record));
}

void Window::end(uint64_t seq) {
  for (size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].seq == seq) ended_[i] = true;
  }
}

std::optional<size_t> Window::find(const std::string& key) const {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return std::nullopt;
  return static_cast<size_t>(found - keys_.begin());
}

}  // namespace ffa_trace
