// SPDX-License-Identifier: BSD-3-Clause
// What an event means, as a list of named fields: the same for descriptors of different layouts,
// for ranges cut differently and for a transaction sent in one piece or in many. Without what is
// timing: counter values, pCPUs, translations. Used by diff.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ffa/types.hpp"
#include "sim/trace/event.hpp"
#include "tools/ffa-trace/transactions.hpp"

namespace ffa_trace {

/// Small numbers for texts: equal texts, equal numbers. Shared by the two traces of a comparison.
class Interner {
 public:
  uint32_t of(const std::string& text) {
    return numbers_.try_emplace(text, static_cast<uint32_t>(numbers_.size())).first->second;
  }

 private:
  std::map<std::string, uint32_t> numbers_;
};

/// What diff leaves out.
struct Ignored {
  bool addresses = false;  ///< of buffers and ranges: page counts are compared only
  bool payload = false;    ///< of partition messages
  bool vcpu = false;       ///< which vCPU called
  bool spmc = false;       ///< calls of the side spmc
  bool host = false;       ///< events of the sides lifecycle and irq
};

/// One field. A handle's or tag's number means nothing by itself: it is bound at first sight.
struct MeantField {
  enum class Kind : uint8_t { text, handle, tag } kind = Kind::text;
  std::string name;
  std::string value;    ///< in words
  uint64_t number = 0;  ///< of a handle or tag
};

struct Meaning {
  sim::trace::Side side{};  ///< `linux` counts as guest
  uint16_t vm = 0;
  uint64_t seq = 0;
  uint64_t seq_ret = 0;
  std::string function;
  std::vector<MeantField> call;
  std::vector<MeantField> reply;
  std::string words;                   ///< the call and its reply on one line, as decode has it
  std::optional<uint64_t> new_handle;  ///< that a transaction has got
  /// Equal keys: the same call with arguments that mean the same. Handles stand in it as what was
  /// shared under them.
  uint32_t key = 0;
};

/// Turns the events of one trace into meanings.
class MeaningReader {
 public:
  /// `kernel_as`: the VM id that endpoint 0 of side `linux` stands for.
  MeaningReader(const Ignored& ignored, uint16_t kernel_as, Interner& keys)
      : ignored_(ignored), kernel_as_(kernel_as), keys_(keys) {}
  /// Nothing for what is ignored and for the later fragments of a transaction, which belong to the
  /// meaning of its first.
  void note(sim::trace::Event event);
  /// All meanings, in the order of their events.
  std::vector<Meaning> finish();

 private:
  void note_call(sim::trace::Event& event);
  void note_host(const sim::trace::Event& event);
  void add_registers(Meaning& meaning, const sim::trace::Event& event);
  void add_message(Meaning& meaning, const sim::trace::Event& event);
  void add_partitions(Meaning& meaning, const sim::trace::Event& event);
  void add_transaction(Meaning& meaning, const sim::trace::Event& event, const SentFragment& sent);
  uint32_t key_of(const Meaning& meaning);
  HeaderLayout layout_of(const sim::trace::Event& event);

  Ignored ignored_;
  uint16_t kernel_as_;
  Interner& keys_;
  TransactionTracker transactions_;
  std::map<uint32_t, ffa::Version> versions_;
  /// Side and handle: the key of the transaction that made it.
  std::map<std::pair<sim::trace::Side, uint64_t>, uint32_t> origin_;
  std::map<uint64_t, size_t> begun_;  ///< seq of an unfinished transaction: its meaning
  std::vector<Meaning> meanings_;
};

/// Writes `vm` where endpoint 0, the caller itself, stands in a record of side `linux`, and makes
/// it one of side guest.
void kernel_as_vm(sim::trace::Event& event, uint16_t vm);

}  // namespace ffa_trace
