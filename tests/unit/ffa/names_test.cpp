// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ffa {
namespace {

struct StatusRow {
  Status status;
  int32_t value;
  uint32_t word;
  const char* name;
};
constexpr StatusRow statuses[] = {
    {Status::success, 0, 0, "SUCCESS"},
    {Status::not_supported, -1, 0xffffffff, "NOT_SUPPORTED"},
    {Status::invalid_parameters, -2, 0xfffffffe, "INVALID_PARAMETERS"},
    {Status::no_memory, -3, 0xfffffffd, "NO_MEMORY"},
    {Status::busy, -4, 0xfffffffc, "BUSY"},
    {Status::interrupted, -5, 0xfffffffb, "INTERRUPTED"},
    {Status::denied, -6, 0xfffffffa, "DENIED"},
    {Status::retry, -7, 0xfffffff9, "RETRY"},
    {Status::aborted, -8, 0xfffffff8, "ABORTED"},
    {Status::no_data, -9, 0xfffffff7, "NO_DATA"},
    {Status::not_ready, -10, 0xfffffff6, "NOT_READY"},
};

TEST(FfaStatus, WordsAreZeroExtended) {
  for (const StatusRow& row : statuses) {
    EXPECT_EQ(static_cast<int32_t>(row.status), row.value) << row.name;
    EXPECT_EQ(to_word(row.status), row.word) << row.name;
    if (row.status != Status::success) {
      EXPECT_EQ(status_from_word(row.word), row.status) << row.name;
    }
  }
}

TEST(FfaStatus, AnErrorNeverReadsAsSuccess) {
  for (const uint32_t strange : {0U, 1U, 0xfffffff5U, 0x80000000U, 0x7fffffffU, 0x0000fffeU}) {
    EXPECT_EQ(status_from_word(strange), Status::not_supported) << strange;
  }
}

TEST(FfaStatus, NamesTranslateBothWays) {
  for (const StatusRow& row : statuses) {
    EXPECT_STREQ(status_name(row.status), row.name);
    EXPECT_EQ(status_from_name(row.name), row.status);
  }
  EXPECT_STREQ(status_name(static_cast<Status>(-11)), "UNKNOWN");
  for (const char* const name : {"", "denied", "FFA_DENIED", "DENIE", "DENIED ", "UNKNOWN"}) {
    EXPECT_EQ(status_from_name(name), std::nullopt) << name;
  }
}

TEST(FfaNames, FeaturesHaveNames) {
  EXPECT_STREQ(feature_name(FeatureId{1}), "NOTIFICATION_PENDING_INTERRUPT");
  EXPECT_STREQ(feature_name(FeatureId{2}), "SCHEDULE_RECEIVER_INTERRUPT");
  EXPECT_STREQ(feature_name(FeatureId{3}), "MANAGED_EXIT_INTERRUPT");
  EXPECT_EQ(feature_name(FeatureId{0}), nullptr);
  EXPECT_EQ(feature_name(FeatureId{4}), nullptr);
}

TEST(FfaNames, FrameworkMessagesHaveNames) {
  const char* const names[] = {"PSCI_REQUEST",
                               "WARM_BOOT_REQUEST",
                               "PSCI_RESPONSE",
                               nullptr,
                               "VM_CREATED_REQUEST",
                               "VM_CREATED_RESPONSE",
                               "VM_DESTROYED_REQUEST",
                               "VM_DESTROYED_RESPONSE",
                               "VERSION_REQUEST",
                               "VERSION_RESPONSE",
                               nullptr};
  for (uint32_t type = 0; type < std::size(names); ++type) {
    EXPECT_STREQ(framework_message_name(FrameworkMessage{type}), names[type]) << type;
    EXPECT_EQ(framework_word(FrameworkMessage{type}), 0x80000000U + type);
  }
}

}  // namespace
}  // namespace ffa
