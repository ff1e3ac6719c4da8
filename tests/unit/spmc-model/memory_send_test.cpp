// SPDX-License-Identifier: BSD-3-Clause
// FFA_MEM_SHARE and FFA_MEM_LEND in one fragment, and FFA_MEM_RECLAIM. Numbers are rows of
// docs/spmc-personalities.md.
#include "world.hpp"

namespace spmc_test {
namespace {

struct SpmcShare : testing::Test {
  World world;
  void SetUp() override { world.boot(ffa::v1_1); }

  /// The answer to a share, with the promise that an error leaves nothing behind.
  Regs share(const Descriptor& descriptor) {
    const size_t before = world.spmc->regions();
    const Regs out = world.share(descriptor);
    EXPECT_EQ(world.spmc->regions(), before + (out.x[0] == success_32 ? 1 : 0));
    return out;
  }
};

TEST_F(SpmcShare, RecordsEveryRangeInOrder) {
  const Regs out = share({});
  EXPECT_EQ(out.x[0], success_32);
  ASSERT_EQ(world.spmc->regions(), 1U);
  const spmc_model::RegionFacts facts = world.spmc->region(0);
  EXPECT_EQ(facts.handle.raw(), handle_of(out));
  EXPECT_EQ(facts.sender.raw(), vm1);
  EXPECT_EQ(facts.pages, 4U);
  EXPECT_EQ(facts.ranges, 2U);
  EXPECT_TRUE(facts.complete);
  EXPECT_FALSE(facts.lent);
  Pa pa;
  ffa::PageCount pages;
  world.spmc->region_range(0, 0, pa, pages);
  EXPECT_EQ(pa.raw(), 0x49000000U);
  EXPECT_EQ(pages.raw(), 3U);
  world.spmc->region_range(0, 1, pa, pages);
  EXPECT_EQ(pa.raw(), 0x49100000U);
  EXPECT_EQ(pages.raw(), 1U);
}

TEST_F(SpmcShare, EveryLayoutIsReadAsTheNegotiatedVersionSays) {
  for (const ffa::Version version : {ffa::v1_0, ffa::v1_1, ffa::v1_2}) {
    world.version(version);
    Descriptor descriptor;
    descriptor.layout = version;
    EXPECT_SUCCESS(share(descriptor)) << std::hex << version.raw();
  }
  world.version(ffa::v1_0);
  Descriptor newer;
  newer.layout = ffa::v1_1;
  newer.borrowers = {{echo_id}};
  EXPECT_STATUS(share(newer), invalid_parameters);
}

TEST_F(SpmcShare, TheTransmittedBytesAreReadOnce) {
  const uint64_t before = world.memory.reads;
  share({});
  EXPECT_EQ(world.memory.reads, before + 1);
}

TEST_F(SpmcShare, RegistersW5ToW7MustBeZero) {
  const std::vector<uint8_t> bytes = Descriptor{}.bytes();
  world.memory.put(tx_page, bytes);
  for (unsigned n = 5; n <= 7; ++n) {
    Regs in;
    in.x = {fid64(Fid::mem_share), bytes.size(), bytes.size()};
    in.x[n] = n;
    EXPECT_STATUS(world.spmc->smc(in), invalid_parameters) << n;
  }
  EXPECT_SUCCESS(world.call({fid32(Fid::mem_share), bytes.size(), bytes.size(), 0, 0, 5ULL << 32}));
}

TEST_F(SpmcShare, FragmentLongerThanTheTotalIsInvalid) {
  world.memory.put(tx_page, Descriptor{}.bytes());
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 113}), invalid_parameters);
}

TEST_F(SpmcShare, PageCountWithoutABufferAddressIsInvalid) {
  world.memory.put(tx_page, Descriptor{}.bytes());
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112, 0, 1}), invalid_parameters);
}

TEST_F(SpmcShare, Knob7DynamicBufferIsSupported) {
  const std::vector<uint8_t> bytes = Descriptor{}.bytes();
  constexpr uint64_t buffer = 0x4a003000;
  world.memory.put(buffer + 0x800, bytes);
  EXPECT_SUCCESS(
      world.call({fid64(Fid::mem_share), bytes.size(), bytes.size(), buffer + 0x800, 1}));
  EXPECT_SUCCESS(world.call(
      {fid32(Fid::mem_share), bytes.size(), bytes.size(), 0x900000000 | (buffer + 0x800), 1}));
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 0x900, 0x900, buffer + 0x800, 1}),
                invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112, buffer, 0}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112, 0x0e100000, 1}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112, buffer, 64}), no_memory);
}

TEST_F(SpmcShare, Knob21UnmappedOrTooSmallTxIsDenied) {
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 4112, 4112}), denied);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 8192, 4097}), denied);
  world.call(Fid::rxtx_unmap);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112}), denied);
}

TEST_F(SpmcShare, UnreadableTxIsInvalid) {
  world.memory.broken_page = tx_page;
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 112}), invalid_parameters);
}

TEST_F(SpmcShare, Knob22DonateIsNotSupported) {
  EXPECT_STATUS(world.send(Descriptor{}.bytes(), Fid::mem_donate), not_supported);
}

TEST_F(SpmcShare, Knob23LendWantsUnspecifiedAttributes) {
  Descriptor descriptor;
  EXPECT_STATUS(world.send(descriptor.bytes(), Fid::mem_lend), invalid_parameters);
  descriptor.attributes = 0;
  EXPECT_SUCCESS(world.send(descriptor.bytes(), Fid::mem_lend));
  EXPECT_TRUE(world.spmc->region(0).lent);
  const auto bytes = descriptor.bytes();
  EXPECT_STATUS(world.call({fid32(Fid::mem_lend), bytes.size(), bytes.size(), 0, 7}),
                invalid_parameters);
}

TEST_F(SpmcShare, HeaderMustFitTheFragment) {
  world.memory.put(tx_page, Descriptor{}.bytes());
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 112, 47}), invalid_parameters);
  EXPECT_STATUS(world.call({fid64(Fid::mem_share), 0, 0}), invalid_parameters);
}

TEST_F(SpmcShare, Knob25FieldsAboveTheirLimitsAreInvalid) {
  const auto with = [&](size_t offset, unsigned size, uint64_t value) {
    std::vector<uint8_t> bytes = Descriptor{}.bytes();
    put_le(bytes, offset, size, value);
    return world.send(bytes);
  };
  EXPECT_STATUS(with(2, 2, 0x12f), invalid_parameters) << "attributes";
  EXPECT_STATUS(with(4, 4, 0x100), invalid_parameters) << "flags";
  EXPECT_STATUS(with(24, 4, 0x110), invalid_parameters) << "size of an access entry";
  EXPECT_STATUS(with(28, 4, 0x100), invalid_parameters) << "number of access entries";
  EXPECT_STATUS(with(32, 4, 0x10000), invalid_parameters) << "offset of the access entries";
  EXPECT_STATUS(with(32, 4, 0x34), invalid_parameters) << "alignment of the offset";
  EXPECT_STATUS(with(28, 4, 200), invalid_parameters) << "array behind the end";
  EXPECT_SUCCESS(with(4, 4, 0xff)) << "flags are not looked at any further";
}

TEST_F(SpmcShare, Knob25AttributesMustBeNormalWriteBackInnerShareable) {
  for (const uint16_t attributes : std::initializer_list<uint16_t>{0x00, 0x2e, 0x6f, 0x1f}) {
    Descriptor descriptor;
    descriptor.attributes = attributes;
    EXPECT_STATUS(share(descriptor), invalid_parameters) << attributes;
  }
}

TEST_F(SpmcShare, Knob24OneConfiguredSpMustBeNamedOthersAreNotLookedAt) {
  Descriptor descriptor;
  descriptor.borrowers = {{0x8002, 1}, {user_id}};
  EXPECT_SUCCESS(share(descriptor));
  descriptor.borrowers = {{0x8002}, {0x8004}};
  EXPECT_STATUS(share(descriptor), invalid_parameters);
  descriptor.borrowers = {};
  EXPECT_STATUS(share(descriptor), invalid_parameters);
}

TEST_F(SpmcShare, Knob24TheFirstOfTwoEntriesForOneSpCounts) {
  Descriptor descriptor;
  descriptor.borrowers = {{user_id, 2}, {user_id, 1, 7}};
  EXPECT_SUCCESS(share(descriptor));
}

TEST_F(SpmcShare, Knob24ConfiguredSpsMustAgreeOnTheComposite) {
  Descriptor descriptor;
  descriptor.borrowers[1].composite = descriptor.composite_offset() + 16;
  EXPECT_STATUS(share(descriptor), invalid_parameters);
}

TEST_F(SpmcShare, Knob26PermissionsMustBeExactlyReadWrite) {
  for (const uint8_t permissions : std::initializer_list<uint8_t>{0, 1, 3, 6, 10}) {
    Descriptor descriptor;
    descriptor.borrowers[1].permissions = permissions;
    EXPECT_STATUS(share(descriptor), invalid_parameters) << int{permissions};
  }
}

TEST_F(SpmcShare, Knob27UnknownSenderIsDeniedBeforeAnythingElseIsLookedAt) {
  Descriptor descriptor;
  descriptor.sender = 3;
  descriptor.attributes = 0;
  EXPECT_STATUS(share(descriptor), denied);
  descriptor.sender = 0;
  EXPECT_STATUS(share(descriptor), denied);
  descriptor.sender = 0x8003;
  EXPECT_STATUS(share(descriptor), denied);
}

TEST_F(SpmcShare, Knob28UnalignedRangeIsAccepted) {
  Descriptor descriptor;
  descriptor.ranges = {{0x49000800, 1}};
  EXPECT_SUCCESS(share(descriptor));
}

TEST_F(SpmcShare, UnalignedRangeIsStillOnlyRam) {
  Descriptor descriptor;
  descriptor.ranges = {{ram_base + ram_bytes - 0x800, 1}};
  EXPECT_STATUS(share(descriptor), invalid_parameters);
}

TEST_F(SpmcShare, Knob29OverlapInOneTransactionIsAccepted) {
  Descriptor descriptor;
  descriptor.ranges = {{0x49000000, 3}, {0x49002000, 2}};
  EXPECT_SUCCESS(share(descriptor));
}

TEST_F(SpmcShare, Knob30APageMayBeSharedTwiceButNotLentTwice) {
  EXPECT_SUCCESS(share({}));
  EXPECT_SUCCESS(share({}));
  Descriptor lend;
  lend.attributes = 0;
  lend.sender = vm2;
  EXPECT_SUCCESS(world.send(lend.bytes(), Fid::mem_lend));
  lend.ranges = {{0x4a000000, 1}, {0x49002000, 1}};
  EXPECT_STATUS(world.send(lend.bytes(), Fid::mem_lend), invalid_parameters);
  lend.ranges = {{0x4a000000, 1}, {0x49003000, 1}};
  EXPECT_SUCCESS(world.send(lend.bytes(), Fid::mem_lend));
  EXPECT_EQ(world.spmc->regions(), 4U);
}

TEST_F(SpmcShare, Knob31BytesBehindTheLastRangeAreAccepted) {
  std::vector<uint8_t> bytes = Descriptor{}.bytes();
  bytes.resize(bytes.size() + 23, 0x77);
  EXPECT_SUCCESS(world.send(bytes));
  Descriptor short_one;
  short_one.range_count = 3;
  EXPECT_STATUS(share(short_one), invalid_parameters);
}

TEST_F(SpmcShare, CompositeMustFitBeAlignedAndHaveCounts) {
  Descriptor descriptor;
  descriptor.borrowers = {{user_id, 2, 0xfff8}};
  EXPECT_STATUS(share(descriptor), invalid_parameters) << "behind the end";
  descriptor.borrowers = {{user_id, 2, 68}};
  EXPECT_STATUS(share(descriptor), invalid_parameters) << "not aligned";
  descriptor = Descriptor{};
  descriptor.ranges = {};
  descriptor.total_pages = 1;
  EXPECT_STATUS(share(descriptor), invalid_parameters) << "no ranges";
  descriptor = Descriptor{};
  std::vector<uint8_t> bytes = descriptor.bytes();
  put_le(bytes, descriptor.composite_offset(), 4, 0);
  EXPECT_STATUS(world.send(bytes), invalid_parameters) << "no pages";
}

/// The descriptor with `count` zero bytes put in at `at`; the composite moves along.
std::vector<uint8_t> stretched(size_t at, uint32_t count) {
  Descriptor descriptor;
  for (auto& borrower : descriptor.borrowers)
    borrower.composite = descriptor.composite_offset() + count;
  if (at == descriptor.array_offset()) descriptor.access_offset = descriptor.array_offset() + count;
  std::vector<uint8_t> bytes = descriptor.bytes();
  bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), count, 0);
  return bytes;
}

TEST_F(SpmcShare, CompositeIsAlignedTo8AndAccessEntriesTo16) {
  const Descriptor descriptor;
  EXPECT_STATUS(world.send(stretched(descriptor.composite_offset(), 4)), invalid_parameters);
  EXPECT_SUCCESS(world.send(stretched(descriptor.composite_offset(), 8)));
  EXPECT_STATUS(world.send(stretched(descriptor.array_offset(), 8)), invalid_parameters);
  EXPECT_SUCCESS(world.send(stretched(descriptor.array_offset(), 16)));
}

TEST_F(SpmcShare, ReservedBytesOfV1_0AreNotPartOfTheAttributes) {
  world.version(ffa::v1_0);
  Descriptor descriptor;
  descriptor.layout = ffa::v1_0;
  std::vector<uint8_t> bytes = descriptor.bytes();
  bytes[3] = 0x5a;
  put_le(bytes, 24, 4, 0x1234);
  EXPECT_SUCCESS(world.send(bytes));
}

TEST_F(SpmcShare, PageTotalMustBeTheSumOfTheRanges) {
  for (const uint32_t total : {3U, 5U}) {
    Descriptor descriptor;
    descriptor.total_pages = total;
    EXPECT_STATUS(share(descriptor), invalid_parameters) << total;
  }
}

TEST_F(SpmcShare, RangesMustBeNonSecureRamAndNotEmpty) {
  const std::vector<Descriptor::Range> bad[] = {
      {{0x49000000, 3}, {0x0e100000, 1}},                  // secure memory
      {{ram_base + ram_bytes - 0x1000, 2}},                // runs out of RAM
      {{0xfffffffffffff000, 2}},                           // wraps
      {{0x49000000, 3}, {0x49100000, 0}, {0x4a000000, 1}}  // a range without pages
  };
  for (const auto& ranges : bad) {
    Descriptor descriptor;
    descriptor.ranges = ranges;
    EXPECT_STATUS(share(descriptor), invalid_parameters);
  }
  EXPECT_EQ(world.spmc->regions(), 0U);
}

TEST_F(SpmcShare, MoreThanTheModelCanHoldIsNoMemory) {
  Descriptor descriptor;
  descriptor.total_pages = spmc_model::max_region_pages + 1;
  EXPECT_STATUS(share(descriptor), no_memory);
}

TEST_F(SpmcShare, Knob32HandlesCarryTheGuestAndAreReusedAtOnce) {
  EXPECT_EQ(handle_of(share({})), 0x100000050000U);
  EXPECT_EQ(handle_of(share({})), 0x100000050001U);
  Descriptor other;
  other.sender = vm2;
  EXPECT_EQ(handle_of(share(other)), 0x100000090000U);
  EXPECT_EQ(handle_of(share({})), 0x100000050002U);
  EXPECT_SUCCESS(world.reclaim(0x100000050001));
  EXPECT_EQ(handle_of(share({})), 0x100000050001U);
  EXPECT_EQ(handle_of(share({})), 0x100000050003U);
}

TEST_F(SpmcShare, Knob32SixtyFourLiveHandlesForEachGuest) {
  for (unsigned i = 0; i < 64; ++i) EXPECT_EQ(handle_of(share({})), 0x100000050000U + i);
  EXPECT_STATUS(share({}), no_memory);
  Descriptor other;
  other.sender = vm2;
  EXPECT_SUCCESS(share(other));
  EXPECT_SUCCESS(world.reclaim(0x100000050017));
  EXPECT_EQ(handle_of(share({})), 0x100000050017U);
}

TEST_F(SpmcShare, Knob33PresetHandleWithBit63IsTaken) {
  Descriptor descriptor;
  descriptor.handle = 0x8000000000001234;
  EXPECT_EQ(handle_of(share(descriptor)), 0x8000000000001234U);
  EXPECT_STATUS(share(descriptor), no_memory) << "taken";
  descriptor.handle = 0x1234;
  EXPECT_STATUS(share(descriptor), no_memory) << "not the hypervisor's to give";
  descriptor.handle = ~uint64_t{0};
  EXPECT_EQ(handle_of(share(descriptor)), 0x100000050000U) << "the invalid handle means none";
  EXPECT_SUCCESS(world.reclaim(0x8000000000001234));
}

TEST_F(SpmcShare, FreedRangesOfManyRegionsKeepTheOthersIntact) {
  for (uint64_t i = 0; i < 5; ++i) {
    Descriptor descriptor;
    descriptor.ranges.clear();
    for (uint64_t n = 0; n <= i; ++n)
      descriptor.ranges.push_back({0x49000000 + i * 0x100000 + n * 0x2000, 1});
    EXPECT_SUCCESS(share(descriptor));
  }
  EXPECT_SUCCESS(world.reclaim(0x100000050001));
  EXPECT_SUCCESS(world.reclaim(0x100000050003));
  EXPECT_SUCCESS(world.reclaim(0x100000050000));
  ASSERT_EQ(world.spmc->regions(), 2U);
  const uint64_t kept[] = {2, 4};
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(world.spmc->region(i).ranges, kept[i] + 1);
    for (uint32_t n = 0; n <= kept[i]; ++n) {
      Pa pa;
      ffa::PageCount pages;
      world.spmc->region_range(i, n, pa, pages);
      EXPECT_EQ(pa.raw(), 0x49000000 + kept[i] * 0x100000 + n * 0x2000U);
    }
  }
}

TEST_F(SpmcShare, ReclaimEndsTheTransaction) {
  const uint64_t handle = handle_of(share({}));
  EXPECT_SUCCESS(world.reclaim(handle));
  EXPECT_EQ(world.spmc->regions(), 0U);
  EXPECT_STATUS(world.reclaim(handle), invalid_parameters);
}

TEST_F(SpmcShare, ReclaimOfUnknownHandlesIsInvalid) {
  share({});
  EXPECT_STATUS(world.reclaim(0x100000050001), invalid_parameters);
  EXPECT_STATUS(world.reclaim(0x000000050000), invalid_parameters) << "the high word counts";
  EXPECT_STATUS(world.reclaim(0), invalid_parameters);
  EXPECT_EQ(world.spmc->regions(), 1U);
}

TEST_F(SpmcShare, Knob40ReclaimFlagsAreInvalid) {
  const uint64_t handle = handle_of(share({}));
  for (const uint32_t flags : {1U, 2U, 4U}) {
    EXPECT_STATUS(world.call(Fid::mem_reclaim, static_cast<uint32_t>(handle), handle >> 32, flags),
                  invalid_parameters);
  }
  EXPECT_SUCCESS(world.reclaim(handle));
}

TEST_F(SpmcShare, Knob41ReclaimIsDeniedWhileRetrieved) {
  using spmc_model::sp_protocol::Operation;
  const uint64_t handle = handle_of(share({}));
  EXPECT_EQ(world.ask(vm1, Operation::retrieve, handle).first, 0);
  EXPECT_EQ(world.spmc->region(0).retrieved_by, 1U);
  EXPECT_STATUS(world.reclaim(handle), denied);
  EXPECT_EQ(world.ask(vm1, Operation::relinquish, handle).first, 0);
  EXPECT_SUCCESS(world.reclaim(handle));
}

TEST_F(SpmcShare, Knob42And43RetrieveAndFragRxAreNotSupported) {
  const uint64_t handle = handle_of(share({}));
  EXPECT_STATUS(world.call({fid32(Fid::mem_retrieve_req), 64, 64}), not_supported);
  EXPECT_STATUS(world.call({fid64(Fid::mem_retrieve_req), 64, 64}), not_supported);
  EXPECT_STATUS(world.call({fid32(Fid::mem_relinquish)}), not_supported);
  EXPECT_STATUS(world.call({fid32(Fid::mem_frag_rx), static_cast<uint32_t>(handle), handle >> 32}),
                not_supported);
}

}  // namespace
}  // namespace spmc_test
