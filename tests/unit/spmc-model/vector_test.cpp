// SPDX-License-Identifier: BSD-3-Clause
// The common descriptor vectors, fed to the model: it reads each as the vector's fields say, and
// gives the verdict that op-tee gives, which for some defects is yes.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "world.hpp"

namespace spmc_test {
namespace {

using nlohmann::json;

constexpr uint16_t owner = 1;
constexpr uint16_t borrower = 0x8001;

std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

ffa::Version version_of(const json& vector) {
  const std::string text = vector["abi_version"];
  return ffa::Version::make(1, static_cast<uint16_t>(text.back() - '0'));
}

/// One SP, which the vectors call SP1; permissions as they come, so that read-only vectors are read
/// too.
spmc_model::Personality lenient() {
  spmc_model::Personality personality = *spmc_model::find_personality("op-tee");
  personality.permissions.reset();
  personality.lend_attributes.reset();
  return personality;
}

std::vector<spmc_model::SpConfig> one_sp() {
  return {{.id = EndpointId{borrower}, .properties = spmc_model::default_properties}};
}

/// Sends the vector as its `fragments` say, or whole.
Regs send(World& world, const json& vector, Fid fid) {
  const std::vector<uint8_t> bytes = from_hex(vector["hex"]);
  std::vector<std::pair<size_t, size_t>> cuts;
  if (vector.contains("fragments")) {
    for (const json& cut : vector["fragments"]) cuts.emplace_back(cut["offset"], cut["length"]);
  } else {
    cuts.emplace_back(0, bytes.size());
  }
  Regs out;
  for (const auto& [offset, length] : cuts) {
    world.memory.put(tx_page, {bytes.begin() + static_cast<ptrdiff_t>(offset),
                               bytes.begin() + static_cast<ptrdiff_t>(offset + length)});
    out = offset == 0
              ? world.call({fid64(fid), bytes.size(), length})
              : world.call(Fid::mem_frag_tx, out.x[1], out.x[2], length, uint64_t{owner} << 16);
  }
  return out;
}

uint64_t number(const json& text) { return std::stoull(text.get<std::string>(), nullptr, 16); }

/// Range i as the vector's fields say: a list, or a rule for many.
Descriptor::Range range_of(const json& ranges, uint32_t i) {
  if (ranges.is_array()) return {number(ranges[i][0]), ranges[i][1].get<uint32_t>()};
  const uint32_t pages = ranges.contains("pages") ? ranges["pages"].get<uint32_t>() : 1 + i % 4;
  return {number(ranges["first"]) + i * number(ranges["stride"]), pages};
}

json vectors() {
  std::ifstream file(TEST_DATA_DIR "/ffa-vectors.json");
  return json::parse(file)["vectors"];
}

void prepare(World& world, const json& vector) {
  world.memory.everywhere = true;
  world.version(version_of(vector));
  ASSERT_EQ(world.map().x[0], success_32);
  ASSERT_EQ(world.vm_message(4, borrower, owner).x[3], 0U);
}

TEST(SpmcVectors, EveryShareAndLendIsReadAsItsFieldsSay) {
  size_t seen = 0;
  for (const json& vector : vectors()) {
    const std::string kind = vector["kind"];
    const bool share = kind.find("FFA_MEM_SHARE") != std::string::npos;
    const bool lend = kind.find("FFA_MEM_LEND") != std::string::npos;
    const json& fields = vector["fields"];
    if (!(share || lend) || !fields.contains("ranges") || fields["sender"] != "0x0001") continue;
    SCOPED_TRACE(vector["name"].get<std::string>());
    World world(lenient(), one_sp());
    prepare(world, vector);
    const Regs out = send(world, vector, share ? Fid::mem_share : Fid::mem_lend);
    ASSERT_EQ(out.x[0], success_32);
    ASSERT_EQ(world.spmc->regions(), 1U);
    EXPECT_EQ(world.spmc->region(0).pages, fields["total_page_count"].get<uint64_t>());
    ASSERT_EQ(world.spmc->region(0).ranges, fields["range_count"].get<uint32_t>());
    for (uint32_t i = 0; i < world.spmc->region(0).ranges; ++i) {
      Pa pa;
      ffa::PageCount pages;
      world.spmc->region_range(0, i, pa, pages);
      EXPECT_EQ(pa.raw(), range_of(fields["ranges"], i).address) << i;
      EXPECT_EQ(pages.raw(), range_of(fields["ranges"], i).pages) << i;
    }
    ++seen;
  }
  EXPECT_EQ(seen, 17U);
}

TEST(SpmcVectors, DefectsGetTheVerdictOfOpTee) {
  const std::map<std::string, Status> verdicts = {
      {"neg_v11_total_pages_mismatch", Status::invalid_parameters},
      {"neg_v11_range_count_too_big", Status::invalid_parameters},
      {"neg_v11_emad_offset_unaligned", Status::invalid_parameters},
      {"neg_v11_emad_size_24", Status::success},  // any size up to 255
      {"neg_v11_ns_bit_in_share", Status::invalid_parameters},
      {"neg_v11_zero_flag_in_share", Status::success},  // flags are not looked at
      {"neg_v11_instr_perm_in_share", Status::invalid_parameters},
      {"neg_v11_duplicate_borrower", Status::success},        // the first entry counts
      {"neg_v11_composite_offsets_differ", Status::success},  // the other SP's entry is not read
      {"neg_v11_composite_overlaps_emads", Status::invalid_parameters},
      {"neg_v10_reserved_nonzero", Status::success},
      {"neg_v11_sender_not_caller", Status::denied},  // no such guest
      {"neg_v11_overlapping_ranges", Status::success},
      {"neg_v11_unaligned_address", Status::success},
  };
  size_t seen = 0;
  for (const json& vector : vectors()) {
    const auto verdict = verdicts.find(vector["name"]);
    if (verdict == verdicts.end()) continue;
    SCOPED_TRACE(verdict->first);
    spmc_model::Personality personality = *spmc_model::find_personality("op-tee");
    // Read-only bases would all fail for their permissions; only the case about permissions keeps
    // the check.
    if (verdict->first != "neg_v11_instr_perm_in_share") personality.permissions.reset();
    World world(personality,
                {{.id = EndpointId{borrower}, .properties = spmc_model::default_properties}});
    prepare(world, vector);
    EXPECT_EQ(status_of(send(world, vector, Fid::mem_share)), verdict->second);
    ++seen;
  }
  EXPECT_EQ(seen, verdicts.size());
}

}  // namespace
}  // namespace spmc_test
