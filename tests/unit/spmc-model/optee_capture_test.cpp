// SPDX-License-Identifier: BSD-3-Clause
// What a real OP-TEE answered in the captures, compared with what the service answers, for the
// requests whose answer does not depend on what lay in shared memory.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "captured_records.hpp"
#include "optee_world.hpp"

namespace spmc_test {
namespace {

using nlohmann::json;

constexpr uint16_t captured_tee = 0x8001;
constexpr uint32_t first_yielding = 0x80000000;

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
  world.memory.everywhere = true;
  for_each_record(GetParam(), [this](const json& record) { feed(record); });
  EXPECT_EQ(blocking, GetParam().counted);
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
                         capture_name);

}  // namespace
}  // namespace spmc_test
