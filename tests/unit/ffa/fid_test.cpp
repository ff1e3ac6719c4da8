// SPDX-License-Identifier: BSD-3-Clause
#include "ffa/fid.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ffa/names.hpp"
#include "ffa/regs.hpp"

namespace ffa {
namespace {

/// Written down from the spec, number by number, independently of fids.def. An identifier of 0 does
/// not exist.
struct Row {
  uint32_t number;
  const char* name;
  uint32_t smc32;
  uint32_t smc64;
  uint16_t since_minor;
};
constexpr Row table[] = {
    {0x60, "FFA_ERROR", 0x84000060, 0, 0},
    {0x61, "FFA_SUCCESS", 0x84000061, 0xc4000061, 0},
    {0x62, "FFA_INTERRUPT", 0x84000062, 0, 0},
    {0x63, "FFA_VERSION", 0x84000063, 0, 0},
    {0x64, "FFA_FEATURES", 0x84000064, 0, 0},
    {0x65, "FFA_RX_RELEASE", 0x84000065, 0, 0},
    {0x66, "FFA_RXTX_MAP", 0x84000066, 0xc4000066, 0},
    {0x67, "FFA_RXTX_UNMAP", 0x84000067, 0, 0},
    {0x68, "FFA_PARTITION_INFO_GET", 0x84000068, 0, 0},
    {0x69, "FFA_ID_GET", 0x84000069, 0, 0},
    {0x6a, "FFA_MSG_POLL", 0x8400006a, 0, 0},
    {0x6b, "FFA_MSG_WAIT", 0x8400006b, 0, 0},
    {0x6c, "FFA_YIELD", 0x8400006c, 0, 0},
    {0x6d, "FFA_RUN", 0x8400006d, 0, 0},
    {0x6e, "FFA_MSG_SEND", 0x8400006e, 0, 0},
    {0x6f, "FFA_MSG_SEND_DIRECT_REQ", 0x8400006f, 0xc400006f, 0},
    {0x70, "FFA_MSG_SEND_DIRECT_RESP", 0x84000070, 0xc4000070, 0},
    {0x71, "FFA_MEM_DONATE", 0x84000071, 0xc4000071, 0},
    {0x72, "FFA_MEM_LEND", 0x84000072, 0xc4000072, 0},
    {0x73, "FFA_MEM_SHARE", 0x84000073, 0xc4000073, 0},
    {0x74, "FFA_MEM_RETRIEVE_REQ", 0x84000074, 0xc4000074, 0},
    {0x75, "FFA_MEM_RETRIEVE_RESP", 0x84000075, 0, 0},
    {0x76, "FFA_MEM_RELINQUISH", 0x84000076, 0, 0},
    {0x77, "FFA_MEM_RECLAIM", 0x84000077, 0, 0},
    {0x78, "FFA_MEM_OP_PAUSE", 0x84000078, 0, 0},
    {0x79, "FFA_MEM_OP_RESUME", 0x84000079, 0, 0},
    {0x7a, "FFA_MEM_FRAG_RX", 0x8400007a, 0, 0},
    {0x7b, "FFA_MEM_FRAG_TX", 0x8400007b, 0, 0},
    {0x7c, "FFA_NORMAL_WORLD_RESUME", 0x8400007c, 0, 0},
    {0x7d, "FFA_NOTIFICATION_BITMAP_CREATE", 0x8400007d, 0, 1},
    {0x7e, "FFA_NOTIFICATION_BITMAP_DESTROY", 0x8400007e, 0, 1},
    {0x7f, "FFA_NOTIFICATION_BIND", 0x8400007f, 0, 1},
    {0x80, "FFA_NOTIFICATION_UNBIND", 0x84000080, 0, 1},
    {0x81, "FFA_NOTIFICATION_SET", 0x84000081, 0, 1},
    {0x82, "FFA_NOTIFICATION_GET", 0x84000082, 0, 1},
    {0x83, "FFA_NOTIFICATION_INFO_GET", 0x84000083, 0xc4000083, 1},
    {0x84, "FFA_RX_ACQUIRE", 0x84000084, 0, 1},
    {0x85, "FFA_SPM_ID_GET", 0x84000085, 0, 1},
    {0x86, "FFA_MSG_SEND2", 0x84000086, 0, 1},
    {0x87, "FFA_SECONDARY_EP_REGISTER", 0x84000087, 0xc4000087, 1},
    {0x88, "FFA_MEM_PERM_GET", 0x84000088, 0xc4000088, 1},
    {0x89, "FFA_MEM_PERM_SET", 0x84000089, 0xc4000089, 1},
    {0x8a, "FFA_CONSOLE_LOG", 0x8400008a, 0xc400008a, 2},
    {0x8b, "FFA_PARTITION_INFO_GET_REGS", 0, 0xc400008b, 2},
    {0x8c, "FFA_EL3_INTR_HANDLE", 0x8400008c, 0, 2},
    {0x8d, "FFA_MSG_SEND_DIRECT_REQ2", 0, 0xc400008d, 2},
    {0x8e, "FFA_MSG_SEND_DIRECT_RESP2", 0, 0xc400008e, 2},
    {0x8f, "FFA_NS_RES_INFO_GET", 0, 0xc400008f, 3},
    {0x90, "FFA_ABORT", 0x84000090, 0xc4000090, 3},
    {0x94, "FFA_NOTIFICATION_BIND2", 0, 0xc4000094, 3},
    {0x95, "FFA_NOTIFICATION_UNBIND2", 0, 0xc4000095, 3},
    {0x96, "FFA_NOTIFICATION_SET2", 0, 0xc4000096, 3},
    {0x97, "FFA_NOTIFICATION_GET2", 0, 0xc4000097, 3},
};

TEST(FfaFidTable, EveryFunctionHasItsNumbersNameAndVersion) {
  for (const Row& row : table) {
    SCOPED_TRACE(row.name);
    const FidInfo* const info = find_fid(row.number);
    ASSERT_NE(info, nullptr);
    EXPECT_STREQ(info->name, row.name);
    EXPECT_EQ(info->number, row.number);
    EXPECT_EQ(info->has32, row.smc32 != 0);
    EXPECT_EQ(info->has64, row.smc64 != 0);
    EXPECT_EQ(info->since, Version::make(1, row.since_minor));
    EXPECT_EQ(static_cast<uint32_t>(info->fid), row.smc32 != 0 ? row.smc32 : row.smc64);
    if (row.smc32 != 0) {
      EXPECT_EQ(fid32(info->fid), row.smc32);
    }
    if (row.smc64 != 0) {
      EXPECT_EQ(fid64(info->fid), row.smc64);
    }
  }
}

TEST(FfaFidTable, OtherNumbersAreUnknown) {
  std::set<uint32_t> known;
  for (const Row& row : table) known.insert(row.number);
  EXPECT_EQ(known.size(), std::size(table));
  for (uint32_t number = 0; number < 0x20000; ++number) {
    if (!known.contains(number)) {
      ASSERT_EQ(find_fid(number), nullptr) << number;
    }
  }
  EXPECT_EQ(find_fid(0xffffffff), nullptr);
  EXPECT_EQ(find_fid(0x84000073), nullptr) << "a number is not an identifier";
}

TEST(FfaFidTable, NamesAndIdentifiersTranslateBothWays) {
  for (const Row& row : table) {
    SCOPED_TRACE(row.name);
    const std::string name = row.name;
    EXPECT_EQ(fid_from_name(name), row.smc32 != 0 ? row.smc32 : row.smc64);
    const auto with = [](uint32_t id) { return id != 0 ? std::optional(id) : std::nullopt; };
    EXPECT_EQ(fid_from_name(name + "_32"), with(row.smc32));
    EXPECT_EQ(fid_from_name(name + "_64"), with(row.smc64));
    if (row.smc32 != 0) {
      EXPECT_STREQ(fid_name(row.smc32), row.name);
    }
    if (row.smc64 != 0) {
      EXPECT_STREQ(fid_name(row.smc64), row.name);
    }
    if (row.smc32 == 0) {
      EXPECT_EQ(fid_name(0x84000000U | row.number), nullptr);
    }
    if (row.smc64 == 0) {
      EXPECT_EQ(fid_name(0xc4000000U | row.number), nullptr);
    }
  }
}

TEST(FfaFidTable, OtherNamesAreUnknown) {
  for (const char* const name :
       {"", "FFA_", "MEM_SHARE", "ffa_mem_share", "FFA_MEM_SHARE_", "FFA_MEM_SHARE_16",
        "FFA_MEM_SHARE_32_64", "FFA_MEM_SHARE ", "_32", "FFA_MEM_SHAR"}) {
    EXPECT_EQ(fid_from_name(name), std::nullopt) << name;
  }
  EXPECT_EQ(fid_name(0x84000091), nullptr);
  EXPECT_EQ(fid_name(0x84000002), nullptr) << "PSCI is not FF-A";
  EXPECT_STREQ(fid_name(0x84010073), "FFA_MEM_SHARE") << "the SVE hint is not part of the function";
}

TEST(FfaFunctionId, FieldsAreThoseOfTheCallingConvention) {
  const FunctionId id{0xffffffffc401008b};
  EXPECT_EQ(id.raw, 0xc400008bU);
  EXPECT_TRUE(id.is_fast());
  EXPECT_TRUE(id.is_smc64());
  EXPECT_EQ(id.convention(), Convention::smc64);
  EXPECT_EQ(FunctionId{0x84000073}.convention(), Convention::smc32);
  EXPECT_EQ(id.owner(), 4U);
  EXPECT_EQ(id.number(), 0x8bU);
  EXPECT_TRUE(id.in_ffa_range());
}

TEST(FfaFunctionId, RangeIsStandardSecureServiceFastCalls60ToFf) {
  EXPECT_TRUE(FunctionId{0x84000060}.in_ffa_range());
  EXPECT_TRUE(FunctionId{0xc40000ff}.in_ffa_range());
  for (const uint32_t other : {0x8400005fU, 0x84000100U, 0x04000073U, 0x85000073U, 0x83000073U,
                               0x84020073U, 0x84800073U, 0x84001073U, 0x84000002U, 0U}) {
    EXPECT_FALSE(FunctionId{other}.in_ffa_range()) << std::hex << other;
  }
}

}  // namespace
}  // namespace ffa
