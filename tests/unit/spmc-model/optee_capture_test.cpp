// SPDX-License-Identifier: BSD-3-Clause
// What a real OP-TEE answered in the captures, compared with what the service answers, for the
// requests whose answer does not depend on what lay in shared memory.
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "optee_world.hpp"

namespace spmc_test {
namespace {

using nlohmann::json;

constexpr uint16_t captured_tee = 0x8001;
constexpr uint32_t first_yielding = 0x80000000;

struct Capture {
  const char* file;
  const char* side;  ///< of the records that crossed into the secure world
  bool several_vms;
  size_t blocking;  ///< requests of each kind together, counted in the file
};

void PrintTo(const Capture& capture, std::ostream* out) { *out << capture.file; }

Regs registers(const json& list) {
  Regs regs;
  for (size_t i = 0; i < list.size(); ++i) {
    regs.x[i] = std::stoull(list[i].get<std::string>(), nullptr, 16);
  }
  return regs;
}

std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

bool is_request(const Regs& in) {
  return in.w(0) == fid32(Fid::msg_send_direct_req) && in.w(1) % 0x10000 == captured_tee &&
         (in.w(2) >> 31) == 0;
}

struct TeeCapture : testing::TestWithParam<Capture> {
  static World captured_world(bool several_vms) {
    auto personality = TeeWorld::personality();
    personality.guests_tracked = several_vms;
    personality.handles.guest_in_handle = several_vms;
    return World(personality, {{.id = EndpointId{captured_tee},
                                .kind = spmc_model::SpKind::optee,
                                .uuid = optee::service_uuid,
                                .contexts = 4,
                                .properties = several_vms ? 0x1c3U : 0x103U}});
  }

  World world = captured_world(GetParam().several_vms);
  uint64_t tx = 0;
  size_t blocking = 0;
  std::set<uint32_t> services;

  /// Everything goes through the model, so that it knows the VMs and their regions; a call whose
  /// argument nobody captured finds a command that does nothing.
  void feed(const json& record) {
    const Regs in = registers(record["in"]);
    const Regs want = registers(record["out"]);
    if (in.w(0) == fid64(Fid::rxtx_map)) tx = in.x[1];
    if (record.contains("tx")) world.memory.put(tx, from_hex(record["tx"].get<std::string>()));
    const Regs got = world.spmc->smc(in);
    if (!is_request(in)) return;
    if (in.w(3) >= first_yielding) return;
    EXPECT_EQ(got, want) << GetParam().file << " seq " << record["seq"];
    services.insert(in.w(3));
    ++blocking;
  }
};

TEST_P(TeeCapture, BlockingCallsAreAnsweredAsTheRealOneDid) {
  std::ifstream file(std::string(SOURCE_DIR "/scenarios/captured/") + GetParam().file);
  ASSERT_TRUE(file.is_open());
  world.memory.everywhere = true;
  std::string line;
  while (std::getline(file, line)) {
    const json record = json::parse(line);
    if (record["side"] == GetParam().side) feed(record);
  }
  EXPECT_EQ(blocking, GetParam().blocking);
  for (const uint32_t service : {0U, 1U, 2U, 5U}) EXPECT_TRUE(services.contains(service));
}

INSTANTIATE_TEST_SUITE_P(Captures, TeeCapture,
                         testing::Values(Capture{"xen-dom0-probe.jsonl", "spmc", true, 5},
                                         Capture{"xen-dom0-shm-small.jsonl", "spmc", true, 18},
                                         Capture{"xen-dom0-shm-sess.jsonl", "spmc", true, 6},
                                         Capture{"xen-dom0-ffav12-shm.jsonl", "spmc", true, 19},
                                         Capture{"xen-dom0-xtest-1004.jsonl", "spmc", true, 15},
                                         Capture{"xen-domU-destroy.jsonl", "spmc", true, 23},
                                         Capture{"linux-probe.jsonl", "linux", false, 5},
                                         Capture{"linux-shm-small.jsonl", "linux", false, 18},
                                         Capture{"linux-shm-sess.jsonl", "linux", false, 6},
                                         Capture{"linux-xtest-1004.jsonl", "linux", false, 15},
                                         Capture{"linux-fragfix-shm-big.jsonl", "linux", false,
                                                 11}),
                         [](const auto& suite) {
                           std::string name = suite.param.file;
                           name = name.substr(0, name.find('.'));
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

}  // namespace
}  // namespace spmc_test
