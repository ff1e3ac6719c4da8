// SPDX-License-Identifier: BSD-3-Clause
#include "sim/qemu/package.hpp"

#include <gtest/gtest.h>

#include "small_case.hpp"
#include "spmc-model/spmc.hpp"

namespace sim::qemu::test {
namespace {

using guest::Package;
using guest::PackageError;
using Bytes = std::vector<std::byte>;

Bytes package_of(const scenario::CompiledCase& compiled) {
  return make_package(compiled, plan_layouts(compiled, {}));
}

PackageError error_of(std::span<const std::byte> bytes) {
  Package package;
  return Package::open(bytes, package).error();
}

void set_word(Bytes& bytes, size_t index, uint64_t value) {
  for (unsigned n = 0; n < 8; ++n) bytes[8 * index + n] = static_cast<std::byte>(value >> (8 * n));
}

TEST(Package, HoldsWhatTheCaseSays) {
  const scenario::CompiledCase compiled = small_case();
  const Bytes bytes = package_of(compiled);
  Package package;
  ASSERT_TRUE(Package::open(bytes, package).ok());
  EXPECT_EQ(package.ram_base, 0x48000000U);
  EXPECT_EQ(package.own_rx_pa, 0x48010000U);
  EXPECT_EQ(package.mediator.npi_id, 11U);
  EXPECT_EQ(package.mediator.max_vms, mediator::MediatorConfig{}.max_vms);
  ASSERT_EQ(package.spmc.sp_count, 2U);
  EXPECT_EQ(package.spmc.sps[1].id, 0x8077);
  EXPECT_EQ(package.spmc.sps[1].kind, 1);
  EXPECT_EQ(package.spmc.sps[1].uuid, ffa::Uuid::from_words(1, 2, 3, 4));
  EXPECT_EQ(package.spmc.sps[1].properties, spmc_model::default_properties);
  ASSERT_EQ(package.spmc.missing_count, 1U);
  EXPECT_EQ(package.spmc.missing[0], 0x84000071U);
  ASSERT_EQ(package.vm_count, 2U);
  EXPECT_EQ(package.vms[1].id, 4);
  EXPECT_EQ(package.vms[1].max_shares, 7);
  ASSERT_EQ(package.program_count, 1U);
  EXPECT_TRUE(std::equal(package.programs[0].code.begin(), package.programs[0].code.end(),
                         compiled.programs[0].code.begin(), compiled.programs[0].code.end()));
  EXPECT_EQ(package.control.size(), compiled.control.size());
}

TEST(Package, HoldsTheFaults) {
  const Bytes bytes = package_of(small_case());
  Package package;
  ASSERT_TRUE(Package::open(bytes, package).ok());
  ASSERT_EQ(package.fault_count, 2U);
  const guest::PackedFault& map = package.faults[0];
  EXPECT_EQ(map.op, guest::FaultOp::map);
  EXPECT_EQ(map.nth, 3U);
  EXPECT_FALSE(map.matches_function);
  EXPECT_TRUE(map.has_status);
  EXPECT_EQ(map.status, static_cast<int32_t>(ffa::Status::retry));
  EXPECT_FALSE(map.has_regs);
  EXPECT_TRUE(map.armed);
  const guest::PackedFault& smc = package.faults[1];
  EXPECT_EQ(smc.op, guest::FaultOp::smc);
  EXPECT_TRUE(smc.matches_function);
  EXPECT_EQ(smc.function, 0x84000070U);
  EXPECT_FALSE(smc.has_status);
  EXPECT_TRUE(smc.has_regs);
  EXPECT_EQ(smc.regs.x[0], 0x84000060U);
  EXPECT_EQ(smc.regs.x[2], 2U);
  EXPECT_EQ(smc.regs.x[3], 0U);
  EXPECT_TRUE(smc.execute);
  EXPECT_FALSE(smc.armed);
}

TEST(Package, HoldsWhatAVmBoots) {
  const scenario::CompiledCase compiled = small_case();
  const Boot boot{
      4, 0x40000000, 0x42000000, {{0x40000000, Bytes(5, std::byte{7})}, {0x42000000, Bytes(8)}}};
  const Bytes bytes = make_package(compiled, plan_layouts(compiled, {}), boot);
  Package package;
  ASSERT_TRUE(Package::open(bytes, package).ok());
  EXPECT_EQ(package.boot.vm, 4);
  EXPECT_EQ(package.boot.entry, 0x40000000U);
  EXPECT_EQ(package.boot.x0, 0x42000000U);
  ASSERT_EQ(package.boot.file_count, 2U);
  EXPECT_EQ(package.boot.files[1].ipa, 0x42000000U);
  EXPECT_TRUE(std::ranges::equal(package.boot.files[0].bytes, boot.files[0].bytes));
  for (size_t length = bytes.size() - 120; length < bytes.size(); length += 8) {
    EXPECT_EQ(error_of(std::span{bytes}.first(length)), PackageError::truncated) << length;
  }
  Bytes padded = bytes;
  padded[bytes.size() - 8 - 16 - 1] = std::byte{1};  // behind the first file's five bytes
  EXPECT_EQ(error_of(padded), PackageError::bad_field);
}

TEST(Package, SaysWhereEachPageLies) {
  const scenario::CompiledCase compiled = small_case();
  const Bytes bytes = package_of(compiled);
  Package package;
  ASSERT_TRUE(Package::open(bytes, package).ok());
  ASSERT_EQ(package.layout_count, 3U);
  ASSERT_EQ(package.layouts[0].runs(), 1U);
  EXPECT_EQ(package.layouts[0].run(0).pages, 5U);
  ASSERT_EQ(package.layouts[1].runs(), 9U);
  const guest::PackedRun first = package.layouts[1].run(0);
  const guest::PackedRun second = package.layouts[1].run(1);
  EXPECT_EQ(second.ipa, first.ipa + 4096);
  EXPECT_EQ(second.pa, first.pa - 4096);
  // VM 3 is destroyed and comes again: the first free pages are the ones that it had.
  EXPECT_EQ(package.layouts[2].vm, 3);
  EXPECT_EQ(package.layouts[2].run(0), package.layouts[0].run(0));
}

TEST(Package, PlanTakesWhatReallyHappened) {
  const scenario::CompiledCase compiled = small_case();
  const Plan taken_for_granted = plan_layouts(compiled, {});
  // A refused VM leaves its pages to the next one.
  const Plan refused = plan_layouts(compiled, {{0, {"DENIED"}}});
  ASSERT_EQ(refused.size(), 3U);
  EXPECT_EQ(refused[1].vm, 4);
  EXPECT_EQ(refused[1].runs.back().pa, taken_for_granted[0].runs.front().pa);
  // One that is still there when it is to be created takes no pages.
  EXPECT_EQ(plan_layouts(compiled, {{3, {"restart"}}}).size(), 2U);
  EXPECT_EQ(plan_layouts(compiled, {{0, {"SUCCESS"}}, {3, {"done"}}}), taken_for_granted);
}

TEST(Package, PlanGoesWithoutQuarantinedPages) {
  const scenario::CompiledCase compiled = small_case();
  const Plan before = plan_layouts(compiled, {});
  const uint64_t kept = before[0].runs[0].pa + 2 * 4096;
  const Plan plan = plan_layouts(compiled, {{3, {"quarantined", {0x40002000}}}});
  ASSERT_EQ(plan.size(), 3U);
  EXPECT_EQ(plan[1], before[1]);
  for (const guest::PackedRun& run : plan[2].runs) {
    EXPECT_FALSE(run.pa <= kept && kept < run.pa + run.pages * 4096);
  }
}

TEST(Package, CutAnywhereIsRefused) {
  const Bytes bytes = package_of(small_case());
  for (size_t length = 0; length < bytes.size(); ++length) {
    // A copy of that length, so that a read behind its end is seen.
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_NE(error_of(cut), PackageError::none) << length;
  }
  Bytes longer = bytes;
  longer.resize(bytes.size() + 8);
  EXPECT_EQ(error_of(longer), PackageError::left_over);
}

TEST(Package, ChangedBytesAreReadInsideTheirBounds) {
  const Bytes bytes = package_of(small_case());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const auto value : {std::byte{0x00}, std::byte{0x01}, std::byte{0x7f}, std::byte{0xff}}) {
      Bytes changed = bytes;
      changed[at] = value;
      Package package;
      if (!Package::open(changed, package).ok()) continue;
      for (size_t n = 0; n < package.layout_count; ++n) {
        for (size_t r = 0; r < package.layouts[n].runs(); ++r) {
          const guest::PackedRun run = package.layouts[n].run(r);
          EXPECT_GE(run.pa, package.ram_base) << at;
          EXPECT_LE(run.pa + run.pages * 4096, package.ram_base + package.ram_size) << at;
        }
      }
    }
  }
}

TEST(Package, OtherMagicOrVersionIsRefused) {
  Bytes bytes = package_of(small_case());
  set_word(bytes, 1, guest::package_version + 1);
  EXPECT_EQ(error_of(bytes), PackageError::bad_version);
  set_word(bytes, 0, guest::package_magic + 1);
  EXPECT_EQ(error_of(bytes), PackageError::bad_magic);
}

TEST(Package, PagesOutsideTheWorldAreRefused) {
  const scenario::CompiledCase compiled = small_case();
  const auto with = [&](auto change) {
    Plan plan = plan_layouts(compiled, {});
    change(plan[0].runs[0]);
    return error_of(make_package(compiled, plan));
  };
  EXPECT_EQ(with([](auto&) {}), PackageError::none);
  EXPECT_EQ(with([](auto& run) { run.pa = 0x48000000 + (256ULL << 20) - 5 * 4096; }),
            PackageError::none);
  EXPECT_EQ(with([](auto& run) { run.pa = 0x48000000 + (256ULL << 20) - 4 * 4096; }),
            PackageError::bad_field);
  EXPECT_EQ(with([](auto& run) { run.pa = 0x47fff000; }), PackageError::bad_field);
  EXPECT_EQ(with([](auto& run) { run.pa += 1; }), PackageError::bad_field);
  EXPECT_EQ(with([](auto& run) { run.pages = ~uint64_t{0}; }), PackageError::bad_field);
  EXPECT_EQ(with([](auto& run) { run.ipa = uint64_t{1} << 48; }), PackageError::bad_field);
  EXPECT_EQ(with([](auto& run) { run.kind = 5; }), PackageError::bad_field);
}

TEST(Package, SaysWhatTheMachineDoesNotHave) {
  const scenario::CompiledCase good = small_case();
  EXPECT_EQ(why_not(good), "");
  scenario::CompiledCase bad = good;
  bad.portable = false;
  bad.why_not_portable = "its threads run concurrently";
  EXPECT_EQ(why_not(bad), "its threads run concurrently");
  bad = good;
  bad.world.vms[0].memory[0].ipa = 0x7000000000 - 4096;
  EXPECT_NE(why_not(bad).find("vm3 has memory at 0x6ffffff000"), std::string::npos);
  bad.world.vms[0].memory[0].ipa = 0x7000000000 - 5 * 4096;
  EXPECT_EQ(why_not(bad), "");
  bad.world.vms[0].memory[0].ipa = 0x7040000000 - 4096;
  EXPECT_NE(why_not(bad), "");
  bad.world.vms[0].memory[0].ipa = 0x1000000000000 - 5 * 4096;
  EXPECT_EQ(why_not(bad), "");
  bad.world.vms[0].memory[0].ipa = 0x1000000000000 - 4 * 4096;
  EXPECT_NE(why_not(bad), "");
  bad = good;
  bad.world.vms[0].memory[0].pa = 0x40000000;
  EXPECT_NE(why_not(bad).find("outside the machine's RAM"), std::string::npos);
  bad = good;
  bad.world.ram_size = 512ULL << 20;
  EXPECT_NE(why_not(bad), "");
}

}  // namespace
}  // namespace sim::qemu::test
