// SPDX-License-Identifier: BSD-3-Clause
// The receiver list of a retrieve request at its bounds: as many receivers as a transaction may
// have, none that comes twice, the caller among them.
#include <gtest/gtest.h>

#include <vector>

#include "core/retrieve_request.hpp"
#include "memory_test_tools.hpp"

namespace {

using mediator::MemoryTransaction;
using mediator::Outcome;
using mediator::RetrieveRequest;
using mediator::RuleTrace;
using memory_test::Borrower;
using memory_test::Bytes;
using memory_test::Head;
using memory_test::Layout;

/// A request of VM `caller` that names the VMs with these ids.
Outcome<RetrieveRequest> parsed(const std::vector<uint16_t>& ids, uint16_t caller, Layout layout) {
  const size_t access = layout == Layout::v1_2 ? 32 : 16;
  const Head head{layout, 1, 0x2f, 0, 0x1234, 0x5678, access};
  std::vector<Borrower> borrowers;
  for (const uint16_t id : ids) borrowers.push_back({id, 2, {id + 1U, id + 2U}});
  Bytes image(head.size() + access * ids.size());
  head.put_in(image, borrowers);
  RuleTrace rules;
  return mediator::parse_retrieve(mediator::Snapshot{image}, memory_test::version_of(layout),
                                  ffa::EndpointId{caller}, rules);
}
std::vector<uint16_t> ids_from(uint16_t first, size_t count) {
  std::vector<uint16_t> ids;
  for (size_t n = 0; n < count; ++n) ids.push_back(static_cast<uint16_t>(first + n));
  return ids;
}

TEST(RetrieveRequest, NamesAsManyReceiversAsATransactionHas) {
  constexpr size_t most = MemoryTransaction::max_receivers;
  for (const Layout layout : memory_test::all_layouts) {
    SCOPED_TRACE(memory_test::name_of(layout));
    const auto request = parsed(ids_from(10, most), 25, layout);
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->receiver_count, most);
    EXPECT_EQ(request->receivers.back(), ffa::EndpointId{25});
    EXPECT_EQ(request->impdef[0], layout == Layout::v1_2 ? 26U : 0U);
    EXPECT_EQ(parsed(ids_from(10, most + 1), 25, layout).error(), ffa::Status::invalid_parameters);
    EXPECT_EQ(parsed(ids_from(10, most), 26, layout).error(), ffa::Status::invalid_parameters)
        << "without the caller";
  }
}

TEST(RetrieveRequest, EachReceiverStandsThereOnceWhateverItsId) {
  EXPECT_TRUE(parsed({0, 7}, 7, Layout::v1_1).ok()) << "who it is, the owner's list decides";
  EXPECT_TRUE(parsed({7, 0}, 7, Layout::v1_1).ok());
  EXPECT_FALSE(parsed({0, 7, 0}, 7, Layout::v1_1).ok());
  EXPECT_FALSE(parsed({7, 8, 7}, 7, Layout::v1_1).ok());
}

/// VM 7 asks for a share of VM 1 as one of `named`, while the owner named `given`.
Outcome<mediator::Grant> checked(const std::vector<uint16_t>& named,
                                 const std::vector<uint16_t>& given, uint32_t flags,
                                 ffa::Version version = ffa::v1_1) {
  RetrieveRequest request;
  request.flags = ffa::MemoryFlags{flags};
  request.receiver_count = static_cast<uint32_t>(named.size());
  for (size_t n = 0; n < named.size(); ++n) request.receivers[n] = ffa::EndpointId{named[n]};
  request.permissions = ffa::AccessPermissions{2};
  std::vector<mediator::ShareReceiver> receivers;
  for (const uint16_t id : given) {
    receivers.push_back({.given = {ffa::EndpointId{id}, ffa::AccessPermissions{2}, {}}});
  }
  RuleTrace rules;
  return check_retrieve(request, version, {}, receivers, 0, rules);
}

TEST(RetrieveRequest, NamesTheReceiversThatTheOwnerNamed) {
  EXPECT_TRUE(checked({7, 8}, {7, 8}, 0).ok());
  EXPECT_TRUE(checked({8, 7}, {7, 8}, 0).ok());
  EXPECT_FALSE(checked({7, 9}, {7, 8}, 0).ok()) << "as many, but not the same";
  EXPECT_FALSE(checked({7}, {7, 8}, 0).ok());
  EXPECT_FALSE(checked({7, 8}, {7}, 0).ok());
}

TEST(RetrieveRequest, OneOfSeveralMayNameItselfAlone) {
  constexpr uint32_t bypass = 1U << 10;
  EXPECT_TRUE(checked({7}, {7, 8}, bypass).ok());
  EXPECT_TRUE(checked({7}, {7, 8, 9}, bypass).ok());
  EXPECT_FALSE(checked({7}, {7}, bypass).ok()) << "there is nobody else";
  EXPECT_FALSE(checked({7, 8}, {7, 8}, bypass).ok()) << "it names another";
  EXPECT_FALSE(checked({7}, {7, 8}, bypass, ffa::v1_0).ok()) << "the flag came with 1.1";
}

}  // namespace
