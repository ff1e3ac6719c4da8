// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/recorded_world.hpp"

#include <algorithm>
#include <span>

#include "ffa/reply.hpp"
#include "sim/engine/secure_world.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

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

std::span<const std::byte> as_bytes(const std::vector<uint8_t>& bytes) {
  return std::as_bytes(std::span<const uint8_t>(bytes));
}

}  // namespace

bool is_memory_send(const ffa::Regs& in) {
  return ffa::is_function(in, ffa::Fid::mem_share) || ffa::is_function(in, ffa::Fid::mem_lend) ||
         ffa::is_function(in, ffa::Fid::mem_donate);
}

std::string request_key(const ffa::Regs& in, const std::vector<uint8_t>& tx, HeaderLayout layout) {
  const bool send = is_memory_send(in);
  Key key;
  key.add(in.x[0]);
  for (size_t i = send ? 3 : 1; i < in.x.size(); ++i) key.add(in.x[i]);
  if (send) add_meaning(key, parse_descriptor(tx, tx.size(), layout));
  return key.take();
}

struct RecordedWorld::Impl {
  HeaderLayout layout;
  OwnPages own;
  sim::Machine* machine = nullptr;
  std::unique_ptr<sim::SecureWorld> model;

  std::vector<Event> answers;
  std::vector<std::string> keys;  ///< of `answers`; empty once given
  std::vector<Asked> asked;
  bool boot = false;

  std::vector<uint8_t> read_tx(const ffa::Regs& in) {
    const uint64_t most = own.pages * ffa::page_size;
    std::vector<uint8_t> tx(std::min<uint64_t>(in.w(2), most));
    (void)machine->read_pa(own.tx_pa, std::as_writable_bytes(std::span(tx)));
    return tx;
  }
  std::optional<size_t> find(const std::string& key) {
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) return std::nullopt;
    found->clear();
    return static_cast<size_t>(found - keys.begin());
  }
};

RecordedWorld::RecordedWorld(HeaderLayout layout) : impl_(std::make_unique<Impl>()) {
  impl_->layout = layout;
}

RecordedWorld::~RecordedWorld() = default;

void RecordedWorld::attach(const sim::WorldSpec& spec, sim::Machine& machine) {
  impl_->machine = &machine;
  impl_->own = {spec.own_tx_pa, spec.own_rx_pa, spec.mediator.spmc_buffer_pages};
  // The capture says when the schedule receiver interrupt came, not the model.
  impl_->model = sim::make_secure_world(spec, machine, [] {});
}

void RecordedWorld::open_window(std::vector<Event> answers, bool boot) {
  impl_->answers = std::move(answers);
  impl_->keys.clear();
  for (const Event& answer : impl_->answers) {
    impl_->keys.push_back(request_key(answer.in, answer.tx, impl_->layout));
  }
  impl_->asked.clear();
  impl_->boot = boot;
}

const std::vector<Event>& RecordedWorld::answers() const { return impl_->answers; }
const std::vector<Asked>& RecordedWorld::asked() const { return impl_->asked; }

ffa::Regs RecordedWorld::smc(uint16_t vm, const ffa::Regs& in) {
  Asked asked;
  asked.in = in;
  if (is_memory_send(in)) asked.tx = impl_->read_tx(in);
  asked.answer = impl_->find(request_key(in, asked.tx, impl_->layout));
  if (!asked.answer || impl_->boot) asked.out = impl_->model->smc(vm, in);
  if (asked.answer) {
    const Event& recorded = impl_->answers[*asked.answer];
    asked.out = recorded.out;
    if (!recorded.rx.empty()) {
      (void)impl_->machine->write_pa(impl_->own.rx_pa, as_bytes(recorded.rx));
    }
  }
  impl_->asked.push_back(asked);
  return asked.out;
}

}  // namespace ffa_trace
