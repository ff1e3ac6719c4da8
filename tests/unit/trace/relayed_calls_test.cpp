// SPDX-License-Identifier: BSD-3-Clause
// What a guest sent against what a mediator passed on, without either of them: any cuts of the same
// descriptor agree, any other descriptor is found.
#include "tools/ffa-trace/replay/relayed_calls.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "ffa/reply.hpp"
#include "sim/sched/choices.hpp"

namespace {

using ffa::Fid;
using ffa_trace::Asked;
using ffa_trace::PageRun;
using ffa_trace::Window;
using sim::trace::Event;

using Bytes = std::vector<uint8_t>;

void put(Bytes& bytes, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    bytes.push_back(i < 8 ? static_cast<uint8_t>(value >> (8 * i)) : 0);
}

struct Send {
  uint16_t sender = 1;
  uint64_t tag = 0x1234;
  std::vector<uint16_t> borrowers = {0x8001, 0x8002};
  std::vector<PageRun> ranges;
};

/// `entry`: bytes of an access descriptor.
Bytes encoded(const Send& send, unsigned entry) {
  Bytes bytes;
  const uint64_t composite = 48 + entry * send.borrowers.size();
  put(bytes, send.sender, 2);
  put(bytes, 0x2f, 2);
  put(bytes, 0, 4 + 8);
  put(bytes, send.tag, 8);
  put(bytes, entry, 4);
  put(bytes, send.borrowers.size(), 4);
  put(bytes, 48, 4);
  put(bytes, 0, 12);
  for (const uint16_t id : send.borrowers) {
    put(bytes, id, 2);
    put(bytes, 2, 2);
    put(bytes, composite, 4);
    bytes.resize(bytes.size() + entry - 8);
  }
  uint64_t pages = 0;
  for (const PageRun& range : send.ranges) pages += range.pages;
  put(bytes, pages, 4);
  put(bytes, send.ranges.size(), 4);
  put(bytes, 0, 8);
  for (const PageRun& range : send.ranges) {
    put(bytes, range.address, 8);
    put(bytes, range.pages, 4);
    put(bytes, 0, 4);
  }
  return bytes;
}

ffa::Regs five_regs(uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3 = 0, uint64_t x4 = 0) {
  ffa::Regs all;
  all.x = {x0, x1, x2, x3, x4};
  return all;
}

constexpr uint64_t handle = 0x100000000007;
constexpr uint64_t low = handle & 0xffffffff;
constexpr uint64_t high = handle >> 32;

/// One call with bytes [at, end) of a descriptor, and its answer. `sender`: as a relayer names it.
struct Part {
  ffa::Regs in, out;
  Bytes tx;
};
Part part(const Bytes& bytes, size_t at, size_t end, uint64_t sender) {
  Part part;
  part.in = at == 0 ? five_regs(ffa::fid64(Fid::mem_share), bytes.size(), end)
                    : five_regs(ffa::fid32(Fid::mem_frag_tx), low, high, end - at, sender << 16);
  part.out = end == bytes.size()
                 ? ffa::success32(static_cast<uint32_t>(low), static_cast<uint32_t>(high))
                 : five_regs(ffa::fid32(Fid::mem_frag_rx), low, high, end);
  part.tx.assign(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 bytes.begin() + static_cast<std::ptrdiff_t>(end));
  return part;
}

std::vector<Part> cut(const Bytes& bytes, uint64_t sender, sim::ChoiceSource& random) {
  std::vector<Part> parts;
  for (size_t at = 0; at < bytes.size();) {
    const size_t least = at == 0 ? 128 + 16 : 16;
    const size_t end = std::min(bytes.size(), at + least + random.choose(20, "test") * 16);
    parts.push_back(part(bytes, at, end, sender));
    at = end;
  }
  return parts;
}

/// Compares the guest's calls with ours, of which each of the guest's has some, the last the rest.
class Relayed : public testing::Test {
 protected:
  uint64_t divergences(const std::vector<Part>& guest, const std::vector<Part>& ours) {
    ffa_trace::Comparison comparison(profile, 10);
    ffa_trace::RelayedCalls relayed;
    size_t next = 0;
    for (size_t i = 0; i < guest.size(); ++i) {
      Event event;
      event.vm = 1;
      event.seq = 2 * i + 1;
      event.seq_ret = 2 * i + 2;
      event.in = guest[i].in;
      event.out = guest[i].out;
      event.tx = guest[i].tx;
      Window window(ffa_trace::HeaderLayout::v1_1);
      const size_t most = i + 1 == guest.size() ? ours.size() : next + random.choose(3, "test");
      for (; next < std::min(most, ours.size()); ++next) {
        Asked asked;
        asked.in = ours[next].in;
        asked.out = ours[next].out;
        asked.tx = ours[next].tx;
        asked.from_model = true;
        window.asked.push_back(asked);
      }
      relayed.compare(comparison, {event.seq, event.in, ffa::v1_1, ""}, event, window);
    }
    relayed.finish(comparison);
    last = comparison.divergences();
    return comparison.counts().divergences;
  }
  [[nodiscard]] std::string first() const {
    return last.empty() ? "" : last[0].field + " " + last[0].expected + " " + last[0].actual;
  }

  Send some_send() {
    Send send;
    uint64_t address = 0x40000000;
    for (uint32_t n = 2 + random.choose(60, "test"); n-- > 0;) {
      const uint64_t pages = 1 + random.choose(3, "test");
      send.ranges.push_back({address, pages});
      address += (pages + random.choose(2, "test")) * ffa::page_size;
    }
    return send;
  }

  /// The same pages, a range each.
  static Send by_page(const Send& send) {
    Send single = send;
    single.ranges.clear();
    for (const PageRun& range : send.ranges) {
      for (uint64_t n = 0; n < range.pages; ++n) {
        single.ranges.push_back({range.address + n * ffa::page_size, 1});
      }
    }
    return single;
  }

  ffa_trace::Profile profile = ffa_trace::no_profile();
  const std::unique_ptr<sim::ChoiceSource> source = sim::seeded_choices(7);
  sim::ChoiceSource& random = *source;
  std::vector<ffa_trace::Divergence> last;
};

TEST_F(Relayed, AnyCutsAtAnyTimeAgree) {
  for (unsigned n = 0; n < 200; ++n) {
    const Send send = some_send();
    const auto guest = cut(encoded(send, 16), 0, random);
    EXPECT_EQ(divergences(guest, cut(encoded(n % 2 == 0 ? by_page(send) : send, 32), 1, random)),
              0U)
        << first();
  }
}

TEST_F(Relayed, AnotherSendIsFound) {
  const std::function<void(Send&)> changes[] = {
      [](Send& send) { send.tag ^= 1; },
      [](Send& send) { send.sender = 2; },
      [](Send& send) { send.borrowers[1] = 0x8003; },
      [](Send& send) { send.borrowers.pop_back(); },
      [](Send& send) { send.ranges.back().address += ffa::page_size; },
      [](Send& send) { send.ranges.front().pages += 1; },
      [](Send& send) { send.ranges.pop_back(); },
      [](Send& send) { send.ranges.push_back({0x90000000, 1}); },
      [](Send& send) { send.ranges.front().address = 0x3fff0000; },
      [](Send& send) { std::swap(send.ranges.front(), send.ranges.back()); },
  };
  for (unsigned n = 0; n < 100; ++n) {
    const Send send = some_send();
    const auto guest = cut(encoded(send, 16), 0, random);
    Send changed = by_page(send);
    changes[n % std::size(changes)](changed);
    EXPECT_NE(divergences(guest, cut(encoded(changed, 32), 1, random)), 0U) << n;
  }
}

TEST_F(Relayed, CallsTooManyOrMissingAreFound) {
  for (unsigned n = 0; n < 60; ++n) {
    const Send send = some_send();
    const auto guest = cut(encoded(send, 16), 0, random);
    const auto right = cut(encoded(send, 32), 1, random);
    for (size_t i = 0; i < right.size(); ++i) {
      auto ours = right;
      ours.erase(ours.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(divergences(guest, ours), 0U) << n << " without " << i;
      ours = right;
      ours.insert(ours.begin() + static_cast<std::ptrdiff_t>(i), ours[i]);
      for (size_t later = i + 1; later < ours.size(); ++later) {  // it is taken twice
        if (ffa::is_function(ours[later].out, Fid::mem_frag_rx)) {
          ours[later].out.x[3] += ours[i].tx.size();
        }
      }
      EXPECT_NE(divergences(guest, ours), 0U) << n << " twice " << i;
    }
    auto ours = right;
    Part reclaim;
    reclaim.in = five_regs(ffa::fid32(Fid::mem_reclaim), low, high);
    reclaim.out = ffa::success32();
    ours.push_back(reclaim);
    EXPECT_EQ(divergences(guest, ours), 1U);
  }
}

TEST_F(Relayed, EachRegisterOfAFragmentIsCompared) {
  const Send send = some_send();
  Send longer = send;
  while (longer.ranges.size() < 60) longer.ranges.push_back({0x80000000, 1});
  const auto guest = cut(encoded(longer, 16), 0, random);
  const auto right = cut(encoded(longer, 32), 1, random);
  ASSERT_GT(right.size(), 2U);
  for (unsigned reg = 0; reg < 18; ++reg) {
    for (const unsigned bit : {5U, 20U, 45U}) {
      if (reg == 0 && bit != 5) continue;  // another convention, the same function
      auto ours = right;
      ours[1].in.x[reg] ^= uint64_t{1} << bit;
      EXPECT_NE(divergences(guest, ours), 0U) << reg << " bit " << bit;
    }
  }
}

TEST_F(Relayed, AFragmentThatIsAskedForAgainCountsOnce) {
  const Send send = some_send();
  Send longer = send;
  while (longer.ranges.size() < 60) longer.ranges.push_back({0x80000000, 1});
  const auto guest = cut(encoded(longer, 16), 0, random);
  auto ours = cut(encoded(longer, 32), 1, random);
  ASSERT_GT(ours.size(), 2U);
  Part again = ours[1];
  again.out = ours[0].out;  // from where it began
  ours.insert(ours.begin() + 1, again);
  EXPECT_EQ(divergences(guest, ours), 0U) << first();
  ours[1].out = ffa::reply(ffa::Status::busy);
  EXPECT_EQ(divergences(guest, ours), 0U) << first();
}

TEST_F(Relayed, OfARefusedSendWhatBothHaveTold) {
  for (unsigned n = 0; n < 60; ++n) {
    const Send send = some_send();
    auto guest = cut(encoded(send, 16), 0, random);
    guest.back().out = ffa::reply(ffa::Status::invalid_parameters);
    auto ours = cut(encoded(by_page(send), 32), 1, random);
    ours.resize(1 + random.choose(static_cast<uint32_t>(ours.size()), "length"));
    ours.back().out = ffa::reply(ffa::Status::invalid_parameters);
    EXPECT_EQ(divergences(guest, ours), 0U) << first();
    EXPECT_EQ(divergences(guest, {}), 0U) << first();
    Send changed = send;
    changed.ranges.front().address -= ffa::page_size;
    ours = cut(encoded(changed, 32), 1, random);
    ours.resize(1);
    ours[0].out = ffa::reply(ffa::Status::invalid_parameters);
    EXPECT_NE(divergences(guest, ours), 0U);
  }
}

TEST_F(Relayed, AnotherKindOfSendIsFound) {
  const Send send = some_send();
  const auto guest = cut(encoded(send, 16), 0, random);
  auto ours = cut(encoded(send, 32), 1, random);
  ours[0].in.x[0] = ffa::fid32(Fid::mem_share);
  EXPECT_EQ(divergences(guest, ours), 0U) << first();
  ours[0].in.x[0] = ffa::fid32(Fid::mem_lend);
  EXPECT_NE(divergences(guest, ours), 0U);
}

}  // namespace
