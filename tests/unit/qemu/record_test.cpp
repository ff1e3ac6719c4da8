// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/record.hpp"

#include <gtest/gtest.h>

#include "guest/record.hpp"
#include "sim/engine/input_error.hpp"
#include "sim/trace/event.hpp"
#include "small_case.hpp"

namespace sim::qemu::test {
namespace {

using guest::RecordTag;
using guest::RecordWriter;
using Bytes = std::vector<std::byte>;

class Written {
 public:
  template <class Fill>
  void entry(RecordTag tag, Fill fill) {
    writer_.begin(tag);
    fill(writer_);
    writer_.end();
  }
  void words(RecordTag tag, std::initializer_list<uint64_t> words) {
    entry(tag, [&](RecordWriter& out) {
      for (const uint64_t word : words) out.word(word);
    });
  }
  void begin_event(uint64_t side, uint64_t vm) {
    entry(RecordTag::event_begin, [&](RecordWriter& out) {
      for (const uint64_t word : {side, vm, uint64_t{2}, uint64_t{0}, uint64_t{1}}) out.word(word);
      out.text("op");
      out.regs(ffa::Regs{{0x84000063, 0x10001}});
      out.text("tx!");
    });
  }
  void end_event(uint64_t index, uint64_t rule) {
    entry(RecordTag::event_end, [&](RecordWriter& out) {
      out.word(index);
      out.regs(ffa::Regs{{7, 8}});
      out.text("rx");
      out.word(rule);
      out.word(1);
      out.word(0b110);
      out.word(static_cast<uint64_t>(-3));
    });
  }
  void rules() {
    entry(RecordTag::rules, [](RecordWriter& out) {
      out.word(3);
      for (const char* name : {"none", "first", "second"}) out.text(name);
    });
  }
  Bytes bytes() const { return {writer_.written().begin(), writer_.written().end()}; }

 private:
  Bytes room_ = Bytes(1 << 16);
  RecordWriter writer_{room_};
};

/// A record with an entry of each kind.
Bytes whole() {
  Written out;
  out.rules();
  out.words(RecordTag::step_begin, {2});
  out.begin_event(0, 3);
  out.words(RecordTag::translated, {0, 0x1000, 3, 0x48001000, 1});
  out.words(RecordTag::translated, {0, 0x2000, 2, 0x48002000, 1});
  out.words(RecordTag::translated, {0, 0x3000, 1, 0x4800a000, 1});
  out.entry(RecordTag::tx_read, [](RecordWriter& to) {
    to.word(0);
    to.text("more");
  });
  out.begin_event(1, 3);
  out.end_event(1, 0);
  out.end_event(0, 2);
  out.words(RecordTag::step_fault, {2, 0x1234});
  out.words(RecordTag::step_end, {2, 2, 55, 66});
  out.entry(RecordTag::step_result, [](RecordWriter& to) {
    to.word(3);
    to.text("done");
  });
  out.words(RecordTag::step_begin, {3});
  out.words(RecordTag::quarantined, {3, 2, 0x40001000, 0x40003000});
  out.entry(RecordTag::memory, [](RecordWriter& to) {
    to.word(9);
    to.word(1);
    to.text("12345");
  });
  out.words(RecordTag::state, {4, 1, 3, 1, 1, 3, 0x10001, 2, 0, 1, 4, 2, 1, 0, 1, 5, 6, 7, 0});
  out.words(RecordTag::translation, {8, 1, 0x1000, ~uint64_t{0}, 2});
  out.entry(RecordTag::log, [](RecordWriter& to) {
    to.word(1);
    to.text("hello");
  });
  out.entry(RecordTag::violation, [](RecordWriter& to) { to.text("I05: pin of nothing"); });
  out.words(RecordTag::injected, {3, 1, 8});
  out.words(RecordTag::faults, {2, 0, 1});
  out.words(RecordTag::end, {});
  return out.bytes();
}

RunRecord read(const Bytes& bytes) { return read_record(bytes, "r", small_case()); }

TEST(Record, EventsComeBackInOrder) {
  const RunRecord record = read(whole());
  ASSERT_EQ(record.events.size(), 2U);
  const trace::Event& outer = record.events[0];
  EXPECT_EQ(outer.side, trace::Side::guest);
  EXPECT_EQ(outer.seq, 1U);
  EXPECT_EQ(outer.seq_ret, 4U);
  EXPECT_EQ(outer.vm, 3);
  EXPECT_EQ(outer.vcpu, 2);
  EXPECT_EQ(outer.conduit, "smc");
  EXPECT_EQ(outer.op, "op");
  EXPECT_EQ(outer.in.x[1], 0x10001U);
  EXPECT_EQ(outer.out.x[1], 8U);
  EXPECT_EQ(outer.tx, (std::vector<uint8_t>{'t', 'x', '!', 'm', 'o', 'r', 'e'}));
  EXPECT_EQ(outer.rx, (std::vector<uint8_t>{'r', 'x'}));
  EXPECT_EQ(outer.rule, "second");
  EXPECT_EQ(outer.accepted, (trace::NameList{"first", "second"}));
  EXPECT_EQ(outer.result, -3);
  EXPECT_EQ(outer.p2m,
            (std::vector<trace::P2mRun>{{0x1000, 0x48001000, 2}, {0x3000, 0x4800a000, 1}}));
  EXPECT_EQ(record.events[1].side, trace::Side::spmc);
  EXPECT_EQ(record.events[1].seq, 2U);
  EXPECT_EQ(record.events[1].seq_ret, 3U);
  EXPECT_EQ(record.hash, trace::trace_hash(record.events));
}

TEST(Record, StepsAndDumpsComeBack) {
  const RunRecord record = read(whole());
  ASSERT_EQ(record.steps.size(), 5U);
  EXPECT_FALSE(record.steps[0].ran);
  EXPECT_TRUE(record.steps[2].ran);
  EXPECT_EQ(record.steps[2].first_event, 0U);
  EXPECT_EQ(record.steps[2].end_event, 2U);
  EXPECT_EQ(record.steps[2].fault_ipa, 0x1234U);
  EXPECT_EQ(record.steps[2].slots, (std::vector<uint64_t>{55, 66}));
  EXPECT_EQ(record.steps[3].result, "done");
  ASSERT_EQ(record.memory.size(), 1U);
  EXPECT_EQ(record.memory[0].bytes.size(), 5U);
  ASSERT_EQ(record.states.size(), 1U);
  const auto& facts = record.states[0].facts;
  EXPECT_EQ(facts.at("vm3.rx"), "free");
  EXPECT_EQ(facts.at("vm3.tx"), "claimed");
  EXPECT_EQ(facts.at("vm3.version"), "1.1");
  EXPECT_EQ(facts.at("vm3.pins_total"), "4");
  EXPECT_EQ(facts.at("vm3.pins"), "2");  // without those of a pair of buffers of one page
  EXPECT_EQ(facts.at("vm3.known"), "true");
  EXPECT_EQ(facts.at("spmc.retrieved"), "7");
  EXPECT_EQ(facts.at("spmc.rx_owner"), "hypervisor");
  ASSERT_EQ(record.translations.size(), 1U);
  EXPECT_EQ(record.translations[0].runs[0].pa, ~uint64_t{0});
  EXPECT_EQ(record.log, (std::vector<std::string>{"warning: hello"}));
  ASSERT_EQ(record.violations.size(), 1U);
  EXPECT_EQ(record.violations[0].invariant, "I05");
  ASSERT_EQ(record.injected.size(), 1U);
  EXPECT_EQ(record.injected[0].irq, 8U);
  EXPECT_EQ(record.steps.at(3).quarantined, (std::vector<uint64_t>{0x40001000, 0x40003000}));
  EXPECT_EQ(record.fault_fired, (std::vector<bool>{false, true}));
}

TEST(Record, CutOrLengthenedIsRefused) {
  const Bytes bytes = whole();
  for (size_t length = 0; length < bytes.size(); ++length) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THROW(read(cut), InputError) << length;
  }
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_THROW(read(longer), InputError);
}

TEST(Record, ChangedBytesDoNoHarm) {
  const Bytes bytes = whole();
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const auto value : {std::byte{0x01}, std::byte{0x7f}, std::byte{0xff}}) {
      Bytes changed = bytes;
      changed[at] = value;
      try {
        read(changed);
      } catch (const InputError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, bytes.size() / 2);
}

TEST(Record, EventsMustBeginAndEndOnce) {
  Written twice;
  twice.rules();
  twice.begin_event(0, 3);
  twice.end_event(0, 0);
  twice.end_event(0, 0);
  twice.words(RecordTag::end, {});
  EXPECT_THROW(read(twice.bytes()), InputError);
  Written open;
  open.rules();
  open.begin_event(0, 3);
  open.words(RecordTag::end, {});
  EXPECT_THROW(read(open.bytes()), InputError);
  Written nameless;
  nameless.rules();
  nameless.begin_event(0, 3);
  nameless.end_event(0, 3);
  nameless.words(RecordTag::end, {});
  EXPECT_THROW(read(nameless.bytes()), InputError);
}

TEST(Record, WriterStopsWhereItsRoomEnds) {
  for (size_t room = 16; room < 200; room += 8) {
    Bytes bytes(room);
    RecordWriter writer{bytes};
    writer.begin(RecordTag::log);
    writer.word(1);
    writer.text("twelve bytes");
    writer.end();
    EXPECT_EQ(writer.full(), room < 16 + 16 + 8 + 8 + 16) << room;
    EXPECT_LE(writer.written().size(), room);
  }
}

}  // namespace
}  // namespace sim::qemu::test
