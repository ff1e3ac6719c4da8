// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/timeline.hpp"

#include <gtest/gtest.h>

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"

namespace sim::report {
namespace {

using trace::Event;
using trace::Side;

Event event_of(Side side, uint16_t vm, uint16_t vcpu, uint64_t seq, uint64_t seq_ret) {
  Event event;
  event.side = side;
  event.vm = vm;
  event.vcpu = vcpu;
  event.seq = seq;
  event.seq_ret = seq_ret;
  return event;
}

Event call(Side side, uint16_t vm, uint16_t vcpu, uint64_t seq, uint64_t seq_ret, uint64_t x0) {
  Event event = event_of(side, vm, vcpu, seq, seq_ret);
  event.in.x[0] = x0;
  event.out.x[0] = 0x84000061;
  return event;
}

/// vm1.0 is preempted by vm2.1 within its call; what the hypervisor asks the SPMC then is vm2.1's.
RunRecord two_vcpus() {
  RunRecord record;
  Event probe = event_of(Side::lifecycle, 0, 0, 1, 4);
  probe.op = "probe";
  record.events = {
      probe, call(Side::spmc, 0, 0, 2, 3, 0x84000063), call(Side::guest, 1, 0, 5, 11, 0x84000065),
      call(Side::guest, 2, 1, 6, 10, 0x84000068), call(Side::spmc, 0, 0, 7, 8, 0x84000068)};
  Event irq = event_of(Side::irq, 1, 0, 9, 9);
  irq.op = "inject";
  irq.result = 33;
  record.events.push_back(irq);
  record.events[2].out.x[0] = 0x84000060;
  record.events[2].out.x[2] = 0xfffffffa;
  record.events[2].rule = "rx_release_owned";
  record.turns = {
      {6, {5, 2, {OperationKind::lock_acquire, 2}}, {6, 0, {}}, 17},
      {11, {6, 0, {}}, {5, 2, {OperationKind::lock_acquire, 2}}, {}},
  };
  return record;
}

const std::vector<Remark> remarks = {{11, "I05: \"#\" <b>; bad"}};

TEST(Timeline, lines_have_a_column_a_vcpu) {
  const std::string lock = lock_class_name(2);
  EXPECT_EQ(
      aligned_lines(timeline_of(two_vcpus(), remarks, {{2, "other"}})),
      "   seq  host                    vm1.0                          other.1\n"
      "     1  probe\n"
      "     4    = done, after 1 SMCs\n"
      "     5                          FFA_RX_RELEASE\n"
      "    --  choice 17: vm1.0 stops at 5.2, before lock " +
          lock +
          "; other.1 begins\n"
          "     6                                                         FFA_PARTITION_INFO_GET\n"
          "     7                                                             SMC "
          "FFA_PARTITION_INFO_GET\n"
          "     8                                                             SMC = SUCCESS\n"
          "     9                            = interrupt 33\n"
          "    10                                                           = SUCCESS\n"
          "    --  vm1.0 goes on from 5.2\n"
          "    !!  I05: \"#\" <b>; bad\n"
          "    11                            = DENIED (rx_release_owned)\n");
}

TEST(Timeline, arrows_end_at_their_lifelines) {
  const std::string text = sequence_text(timeline_of(two_vcpus(), remarks));
  const std::vector<std::string> lanes = {"host", "vm1.0", "vm2.1", "mediator", "SPMC"};
  const std::string names = text.substr(0, text.find('\n'));
  std::vector<size_t> columns;
  for (const std::string& lane : lanes) {
    const size_t at = names.find(lane);
    ASSERT_NE(at, std::string::npos) << lane;
    columns.push_back(at + lane.size() / 2);
  }
  const auto line_with = [&](const std::string& part) {
    const size_t at = text.find(part);
    EXPECT_NE(at, std::string::npos) << part << "\n" << text;
    if (at == std::string::npos) return std::string(columns.back() + 1, ' ');
    const size_t begin = text.rfind('\n', at) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
  };
  const auto arrow = [&](const std::string& part, size_t from, size_t to, char tip) {
    const std::string line = line_with(part);
    for (const size_t lane : {from, to}) EXPECT_EQ(line.at(columns[lane]), '|') << line;
    EXPECT_EQ(line.at(from < to ? columns[to] - 1 : columns[to] + 1), tip) << line;
  };
  arrow("5 FFA_RX_RELEASE", 1, 3, '>');
  arrow("6 FFA_PARTITION_INFO_GET", 2, 3, '>');
  arrow("7 FFA_PARTITION_INFO_GET", 3, 4, '>');
  arrow("8 SUCCESS", 4, 3, '<');
  arrow("11 DENIED (rx_release_owned)", 3, 1, '<');
  arrow("choice 17", 1, 2, '*');
  arrow("vm1.0 goes on from 5.2", 2, 1, '*');
  EXPECT_NE(text.find("!! I05"), std::string::npos);
}

TEST(Timeline, mermaid_takes_texts_as_they_are) {
  EXPECT_EQ(sequence_mermaid(timeline_of(two_vcpus(), remarks)),
            "sequenceDiagram\n"
            "  participant p0 as host\n"
            "  participant p1 as vm1.0\n"
            "  participant p2 as vm2.1\n"
            "  participant p3 as mediator\n"
            "  participant p4 as SPMC\n"
            "  p0->>p3: 1 probe\n"
            "  p3-->>p0: 4 done, after 1 SMCs\n"
            "  p1->>p3: 5 FFA_RX_RELEASE\n"
            "  Note over p1,p2: choice 17: vm1.0 stops at 5.2, before lock " +
                lock_class_name(2) +
                "#59; vm2.1 begins\n"
                "  p2->>p3: 6 FFA_PARTITION_INFO_GET\n"
                "  p3->>p4: 7 FFA_PARTITION_INFO_GET\n"
                "  p4-->>p3: 8 SUCCESS\n"
                "  p3-->>p1: 9 interrupt 33\n"
                "  p3-->>p2: 10 SUCCESS\n"
                "  Note over p2,p1: vm1.0 goes on from 5.2\n"
                "  Note over p0,p4: I05: \"#35;\" #60;b#62;#59; bad\n"
                "  p3-->>p1: 11 DENIED (rx_release_owned)\n");
}

TEST(Timeline, what_was_wrong_stands_behind_its_call) {
  RunRecord record = two_vcpus();
  record.violations = {{"I31", "unordered", 7}};
  record.steps.resize(2);
  record.steps[1].first_event = 2;
  record.steps[1].end_event = record.events.size();
  scenario::CompiledCase compiled;
  compiled.steps.resize(2);
  compiled.steps[0].pointer = "/threads/vm1.0/1";
  compiled.steps[1].pointer = "/threads/vm1.0/10";
  compiled.steps[1].actor.vm = 1;
  const auto found = remarks_of(compiled, record,
                                {{.pointer = "", .rule = "I31", .text = "I31 broken"},
                                 {.pointer = "/threads/vm1.0/10/expect", .text = "expected BUSY"},
                                 {.pointer = "/expect/state", .text = "expected empty"}});
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].seq, 7U);
  EXPECT_EQ(found[0].text, "I31: unordered");
  EXPECT_EQ(found[1].seq, 12U);
  EXPECT_EQ(found[1].text, "expected BUSY");
  EXPECT_GT(found[2].seq, 1000U);
}

TEST(Timeline, a_call_that_never_returned_has_no_answer) {
  RunRecord record;
  record.events = {call(Side::guest, 1, 0, 1, 0, 0x84000065)};
  const Timeline timeline = timeline_of(record, {{~uint64_t{0}, "ended"}});
  ASSERT_EQ(timeline.rows.size(), 2U);
  EXPECT_EQ(timeline.rows[0].kind, Timeline::Kind::call);
  EXPECT_EQ(timeline.rows[1].text, "ended");
}

}  // namespace
}  // namespace sim::report
