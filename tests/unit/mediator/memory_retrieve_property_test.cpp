// SPDX-License-Identifier: BSD-3-Clause
// What holds for retrieve requests whatever their bytes: nothing is read outside, and nobody gets
// more than the owner gave.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/retrieve_request.hpp"
#include "memory_borrow_fixture.hpp"

namespace {

using mediator::Grant;
using mediator::MemorySend;
using mediator::RuleTrace;
using mediator::ShareReceiver;
using mediator::ShareTerms;
using memory_test::Bytes;
using memory_test::Layout;
using memory_test::Numbers;
using memory_test::Request;

constexpr ffa::EndpointId caller{2};

/// A share that the requests mean, and what its owner said of it.
struct Offer {
  ShareTerms terms;
  std::vector<ShareReceiver> receivers;
  Request request;
};

Offer some_offer(Numbers& numbers, Layout layout) {
  Offer offer;
  offer.terms.kind = numbers.below(2) == 0 ? MemorySend::share : MemorySend::lend;
  offer.terms.tag = memory_test::tag;
  const uint32_t zero = ffa::MemoryFlags::zero_bit;
  if (offer.terms.kind == MemorySend::lend && numbers.below(2) == 0) {
    offer.terms.flags = ffa::MemoryFlags{zero};
  }
  offer.request.layout = layout;
  offer.request.borrowers.clear();
  const uint64_t count = 1 + numbers.below(3);
  const bool decides = offer.terms.kind == MemorySend::lend && count == 1;
  for (uint64_t n = 0; n < count; ++n) {
    const auto id = static_cast<uint16_t>(2 + n);
    const auto given = static_cast<uint8_t>(1 + numbers.below(2));
    const uint64_t impdef = layout == Layout::v1_2 ? 0x77 + n : 0;
    offer.receivers.push_back(
        {.given = {ffa::EndpointId{id}, ffa::AccessPermissions{given}, {impdef, impdef}},
         .incarnation = 1});
    const auto asked = static_cast<uint8_t>(given | (decides ? 4 : 0));
    offer.request.borrowers.push_back({id, asked, {impdef, impdef}});
  }
  return offer;
}

/// The request as the mediator judges it, from bytes at the end of an allocation.
mediator::Outcome<Grant> judge(const Bytes& image, Layout layout, const Offer& offer) {
  const auto bytes = std::make_unique<std::byte[]>(image.size());
  std::copy(image.begin(), image.end(), bytes.get());
  const ffa::Version version = version_of(layout);
  RuleTrace rules;
  const auto parsed =
      parse_retrieve(mediator::Snapshot{{bytes.get(), image.size()}}, version, caller, rules);
  if (!parsed.ok()) return ffa::Error{parsed.error()};
  EXPECT_GE(parsed->receiver_count, 1U);
  EXPECT_LE(parsed->receiver_count, parsed->receivers.size());
  return check_retrieve(*parsed, version, offer.terms, offer.receivers, 0, rules);
}

TEST(RetrieveRequest, FlippedBytesGiveNobodyMore) {
  uint32_t granted = 0;
  uint32_t rejected = 0;
  for (uint64_t seed = 1; seed <= 6000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Numbers numbers{seed};
    const Layout layout = memory_test::all_layouts[numbers.below(3)];
    const Offer offer = some_offer(numbers, layout);
    Bytes image = offer.request.build();
    ASSERT_TRUE(judge(image, layout, offer).ok());
    for (uint64_t flips = 1 + numbers.below(3); flips > 0; --flips) {
      image[numbers.below(image.size())] ^= std::byte{1} << numbers.below(8);
    }
    if (numbers.below(8) == 0) image.resize(numbers.below(image.size() + 32));
    const auto grant = judge(image, layout, offer);
    ++(grant.ok() ? granted : rejected);
    if (!grant.ok()) continue;
    const auto given = offer.receivers[0].given.permissions.data();
    const auto got = grant->permissions.data();
    EXPECT_TRUE(got == ffa::DataAccess::read_only || got == given);
    EXPECT_EQ(grant->permissions.instruction(), ffa::InstructionAccess::not_executable);
    if (grant->zero_after) {
      EXPECT_EQ(got, ffa::DataAccess::read_write);
      EXPECT_EQ(offer.terms.kind, MemorySend::lend);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(granted, 100U) << "some flips mean nothing, or less";
  EXPECT_GT(rejected, 1000U);
}

}  // namespace
