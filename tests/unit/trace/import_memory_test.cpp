// SPDX-License-Identifier: BSD-3-Clause
// A log of any length needs little memory, also one in which no call is ever answered and every row
// looks different from all before.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/memory_in_use.hpp"
#include "tests/unit/trace/import_logs.hpp"
#include "tools/ffa-trace/import/format.hpp"
#include "tools/ffa-trace/import/pairing.hpp"

namespace {

using ffa_trace::CallLog;
using ffa_trace::Row;

/// Bytes that are in use when `take` was called `count` times.
size_t used_after(const std::function<void(uint64_t)>& take, uint64_t from, uint64_t count) {
  for (uint64_t i = from; i < from + count; ++i) take(i);
  return memory_in_use();
}

/// `count` calls of `take` fill every window; twice as many on top may not need more.
void expect_no_growth(const std::function<void(uint64_t)>& take, uint64_t count) {
  const size_t before = used_after(take, 0, count);
  const size_t after = used_after(take, count, 2 * count);
  EXPECT_LT(after, before + before / 8 + 100'000);
}

Row call(uint64_t number) {
  Row row;
  row.direction = ffa_trace::Direction::call;
  row.task = fmt::format("a task with a rather long name-{}", number);
  row.set(0, 0x84000063);
  row.set(1, 0x10001);
  return row;
}

TEST(ImportMemory, TasksThatNeverAnswerAreForgotten) {
  CallLog log([](const sim::trace::Event&) {});
  ffa_trace::ImportCounts counts;
  const auto pairing = make_pairing(ffa_trace::Pairs::by_task, log, counts);
  expect_no_growth([&](uint64_t i) { pairing->take(call(i)); }, 2 * CallLog::window);
}

TEST(ImportMemory, AnOpenCallOutlivesThoseThatAreForgotten) {
  CallLog log([](const sim::trace::Event&) {});
  ffa_trace::ImportCounts counts;
  const auto pairing = make_pairing(ffa_trace::Pairs::by_task, log, counts);
  uint64_t last = 0;
  for (; last < 2 * CallLog::window + 10; ++last) pairing->take(call(last));
  Row answer = call(last - 20);
  answer.direction = ffa_trace::Direction::answer;
  answer.set(0, 0x10001);
  pairing->take(answer);
  EXPECT_EQ(log.pairs(), 1U);
  EXPECT_EQ(counts.orphans, 0U);
}

TEST(ImportMemory, HeadsOfPastedRowsAreForgotten) {
  const auto format = ffa_trace::find_format("hex-rows")->make();
  const auto take = [&](uint64_t i) {
    std::string name;
    for (uint64_t rest = i; name.size() < 8; rest /= 16) name += static_cast<char>('g' + rest % 16);
    const std::string text = name + " says what it does: 0x84000069 0x0";
    EXPECT_EQ(format->take({.text = text}).what, ffa_trace::Reading::What::row);
  };
  expect_no_growth(take, 20'000);
}

TEST(ImportMemory, CallersOfAnEmulatorThatNeverReturnAreForgotten) {
  const auto format = ffa_trace::find_format("qemu")->make();
  std::vector<std::string> dumps;
  for (unsigned place = 0; place < 3; ++place) {
    dumps.push_back(fmt::format(" PC={:016x}", 0x8000 + 8 * place));
    for (unsigned n = 0; n <= 30; ++n) dumps.back() += fmt::format(" X{:02}={:016x}", n, place);
  }
  const auto take = [&](uint64_t i) {
    (void)format->take({.text = dumps[i % 3]});
    (void)format->take({.text = fmt::format("SP={:016x}", i)});
    (void)format->take({.text = "PSTATE=600003c5 -ZC- EL1h"});
    (void)format->take({.text = "Taking exception 13 [Secure Monitor Call] on CPU 0"});
    const std::string back = fmt::format("...with ELR 0x{:x}", 0x8004 + 8 * (i % 3));
    EXPECT_EQ(format->take({.text = back}).what, ffa_trace::Reading::What::row);
  };
  expect_no_growth(take, CallLog::window);
}

}  // namespace
