// SPDX-License-Identifier: BSD-3-Clause
// What a world's silence means: where buffers lie, how large they are, what a page of a guest is.
#include "sim/scenario/compile_world.hpp"

#include "cases.hpp"
#include "guest/program.hpp"

namespace sim::scenario::test {
namespace {

CompiledCase compiled(const std::string& world, const std::string& step = R"({"do": "id_get"})") {
  return compile(case_of(R"({"world": )" + world + R"(, "steps": [)" + step + "]}"));
}

/// Registers x1 to x3 of the calls of the only vCPU.
std::vector<std::vector<uint64_t>> calls_of(const CompiledCase& one) {
  std::vector<std::vector<uint64_t>> list;
  const auto program = guest::Program::open(one.programs.at(0).code);
  for (uint32_t offset = 0; offset < program->code_bytes();) {
    const auto op = program->at(offset);
    offset = op->next;
    if (op->code != guest::Opcode::call) continue;
    const auto call = guest::decode_call(*op, 16);
    list.push_back(
        {call->registers[1].constant, call->registers[2].constant, call->registers[3].constant});
  }
  return list;
}

using Words = std::vector<uint64_t>;

TEST(CompileWorld, BuffersAreOnePageOfTheGuestAtTheEndOfItsMemory) {
  const auto mapped = [](const std::string& vm) {
    return calls_of(compiled(R"({"vms": {"vm1": )" + vm + "}}")).at(1);
  };
  EXPECT_EQ(mapped("{}"), (Words{0x40fe0000, 0x40ff0000, 1}));
  EXPECT_EQ(mapped(R"({"page_size": "16K"})"), (Words{0x40fe0000, 0x40ff0000, 4}));
  EXPECT_EQ(mapped(R"({"page_size": "64K"})"), (Words{0x40fe0000, 0x40ff0000, 16}));
  EXPECT_EQ(mapped(R"({"page_size": "64K", "rxtx": {"pages": 1}})"),
            (Words{0x40fe0000, 0x40ff0000, 1}));
  EXPECT_EQ(mapped(R"({"rxtx": {"pages": 17}})"), (Words{0x40fc0000, 0x40fe0000, 17}));
  EXPECT_EQ(mapped(R"({"rxtx": {"pages": 32}})"), (Words{0x40fc0000, 0x40fe0000, 32}));
}

TEST(CompileWorld, RegionsAreWholePagesOfTheGuest) {
  const auto error = [](const char* size, const char* ipa, const char* bytes) {
    return compile_error(std::string{R"({"world": {"vms": {"vm1": {"page_size": ")"} + size +
                         R"(", "memory": [{"ipa": ")" + ipa + R"(", "size": ")" + bytes +
                         R"("}]}}}, "steps": [{"do": "id_get"}]})");
  };
  EXPECT_EQ(error("64K", "0x40000000", "1M"), "");
  EXPECT_EQ(error("4K", "0x40001000", "1M"), "");
  EXPECT_EQ(error("64K", "0x40001000", "1M"),
            "case.json:/world/vms/vm1/memory/0: not whole pages of 64 KiB, as the VM has");
  EXPECT_EQ(error("16K", "0x40000000", "132K"),
            "case.json:/world/vms/vm1/memory/0: not whole pages of 16 KiB, as the VM has");
}

TEST(CompileWorld, OwnBuffersNeverMeet) {
  const auto own = [](const std::string& pages) {
    const WorldSpec world = compiled(R"({"mediator": {"spmc_buffer_pages": )" + pages + "}}").world;
    return std::pair{world.own_tx_pa, world.own_rx_pa};
  };
  EXPECT_EQ(own("16"), std::pair(uint64_t{0x48000000}, uint64_t{0x48010000}));
  EXPECT_EQ(own("17"), std::pair(uint64_t{0x48000000}, uint64_t{0x48011000}));
  EXPECT_EQ(own("32"), std::pair(uint64_t{0x48000000}, uint64_t{0x48020000}));
}

TEST(CompileWorld, MoreRamIsNotPortable) {
  EXPECT_EQ(compiled("{}").world.ram_size, 256U << 20);
  const CompiledCase large = compiled(R"({"ram": "4G"})");
  EXPECT_EQ(large.world.ram_size, 4ULL << 30);
  EXPECT_FALSE(large.portable);
  EXPECT_EQ(large.why_not_portable, "its RAM is larger than 256 MiB");
  const auto error = [](const char* ram) {
    return compile_error(std::string{R"({"world": {"ram": ")"} + ram +
                         R"("}, "steps": [{"do": "id_get"}]})");
  };
  EXPECT_EQ(error("1M").find("case.json:/world: "), 0U);  // its VMs do not fit
  EXPECT_EQ(error("1000"), "case.json:/world/ram: not a multiple of 4 KiB");
  EXPECT_EQ(error("1025G"), "case.json:/world/ram: more than 1024G");
}

// Each as long as TX, the last as long as what is left: 96 bytes and 300 ranges.
TEST(CompileWorld, AFullCutFillsTheBuffer) {
  const std::string step =
      R"({"do": "share", "cut": "full", "ranges": {"count": 300, "first": "base", "stride": "8K",
          "pages": 1}})";
  const auto lengths = [&](const std::string& vm) {
    auto calls = calls_of(compiled(R"({"vms": {"vm1": )" + vm + "}}", step));
    calls.erase(calls.begin(), calls.begin() + 2);
    return calls;
  };
  const uint64_t total = 80 + 300 * 16;
  auto two = lengths("{}");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0], (Words{total, 4096, 0}));
  EXPECT_EQ(two[1][2], total - 4096);
  EXPECT_EQ(lengths(R"({"rxtx": {"pages": 2}})"), (std::vector<Words>{{total, total, 0}}));
}

}  // namespace
}  // namespace sim::scenario::test
