// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/event_source.hpp"

#include <fmt/format.h>

#include "ffa/regs.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/trace/reader.hpp"

namespace ffa_trace {
namespace {

using sim::trace::Event;

/// True if everything that a call passes was captured: of an SMC32 call x0-x7 are enough. In a
/// trace of the simulator's, a guest call without a return waits for ever.
bool is_whole(const Event& event, bool own) {
  constexpr sim::trace::RegisterSet smc32 = 0xff;
  const bool wide = ffa::FunctionId{event.in.x[0]}.is_smc64();
  const sim::trace::RegisterSet needed = wide ? sim::trace::all_registers : smc32;
  const bool waits = own && event.side == sim::trace::Side::guest && !event.returned();
  return (event.in_known & (waits ? needed : event.out_known) & needed) == needed;
}

class FileSource : public EventSource {
 public:
  explicit FileSource(const std::string& file) : file_(file) { rewind(); }
  [[nodiscard]] std::string name() const override { return file_; }
  [[nodiscard]] const std::optional<sim::trace::Header>& header() const override {
    return reader_->header();
  }
  void rewind() override { reader_ = std::make_unique<sim::trace::Reader>(file_); }
  std::optional<Event> next() override {
    auto event = reader_->next();
    const bool own = header() && !header()->world.empty();
    if (event && !is_whole(*event, own)) {
      throw sim::InputError(reader_->place(),
                            "registers or the return were not captured: a replay needs them");
    }
    return event;
  }
  [[nodiscard]] std::string place() const override { return reader_->place(); }

 private:
  std::string file_;
  std::unique_ptr<sim::trace::Reader> reader_;
};

class VectorSource : public EventSource {
 public:
  VectorSource(std::string name, const std::vector<Event>& events,
               std::optional<sim::trace::Header> header)
      : name_(std::move(name)), events_(events), header_(std::move(header)) {}
  [[nodiscard]] const std::optional<sim::trace::Header>& header() const override { return header_; }
  [[nodiscard]] std::string name() const override { return name_; }
  void rewind() override { at_ = 0; }
  std::optional<Event> next() override {
    if (at_ == events_.size()) return std::nullopt;
    return events_[at_++];
  }
  [[nodiscard]] std::string place() const override { return fmt::format("{}:{}", name_, at_); }

 private:
  std::string name_;
  const std::vector<Event>& events_;
  std::optional<sim::trace::Header> header_;
  size_t at_ = 0;
};

}  // namespace

std::unique_ptr<EventSource> file_source(const std::string& file) {
  return std::make_unique<FileSource>(file);
}

std::unique_ptr<EventSource> vector_source(const std::string& name,
                                           const std::vector<Event>& events,
                                           std::optional<sim::trace::Header> header) {
  return std::make_unique<VectorSource>(name, events, std::move(header));
}

}  // namespace ffa_trace
