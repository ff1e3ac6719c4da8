// SPDX-License-Identifier: BSD-3-Clause
// Captures of a real OP-TEE behind a real hypervisor (xen-*) and under a bare OS (linux-*), fed to
// the model. Every register and every RX byte that the real one answered is expected, but for what
// depends on the service behind it.
#include <nlohmann/json.hpp>
#include <string>

#include "captured_records.hpp"
#include "world.hpp"

namespace spmc_test {
namespace {

using nlohmann::json;

constexpr uint16_t tee_id = 0x8001;

struct SpmcReplay : testing::TestWithParam<Capture> {
  static World captured_world(bool several_vms) {
    const auto personality =
        *spmc_model::find_personality(several_vms ? "op-tee" : "op-tee-single");
    const ffa::Uuid uuid{{0x48, 0x61, 0x78, 0xe0, 0xe7, 0xf8, 0x11, 0xe3, 0xbc, 0x5e, 0x00, 0x02,
                          0xa5, 0xd5, 0xc5, 0x1b}};
    return World(personality, {{.id = EndpointId{tee_id},
                                .kind = spmc_model::SpKind::echo,
                                .uuid = uuid,
                                .contexts = 4,
                                .properties = several_vms ? 0x1c3U : 0x103U}});
  }

  World world = captured_world(GetParam().several_vms);
  uint64_t tx = 0;
  uint64_t rx = 0;
  size_t records = 0;

  /// The service sets a notification when it likes: exactly when the capture shows one being
  /// fetched.
  void notify_before(const Regs& in, const Regs& out) {
    if (in.w(0) != fid64(Fid::notification_info_get) || out.w(0) != fid64(Fid::success)) return;
    const EndpointId vm{static_cast<uint16_t>(out.x[3])};
    EXPECT_EQ(world.spmc->set_notification(EndpointId{tee_id}, vm, 1), Status::success);
  }

  void replay(const json& record) {
    const Regs in = registers(record["in"]);
    Regs want = registers(record["out"]);
    if (in.w(0) == fid64(Fid::rxtx_map)) {
      tx = in.x[1];
      rx = in.x[2];
    }
    if (record.contains("tx")) world.memory.put(tx, from_hex(record["tx"].get<std::string>()));
    notify_before(in, want);
    Regs got = world.spmc->smc(in);
    const bool payload = want.w(0) == fid32(Fid::msg_send_direct_resp) && (want.w(2) >> 31) == 0;
    for (unsigned n = 3; payload && n <= 7; ++n) got.x[n] = want.x[n] = 0;
    EXPECT_EQ(got, want) << GetParam().file << " seq " << record["seq"];
    if (record.contains("rx")) {
      const auto bytes = from_hex(record["rx"].get<std::string>());
      EXPECT_EQ(world.memory.get(rx, bytes.size()), bytes) << "seq " << record["seq"];
    }
    ++records;
  }
};

TEST_P(SpmcReplay, AnswersAsTheCapturedSpmcDid) {
  world.memory.everywhere = true;
  for_each_record(GetParam(), [this](const json& record) { replay(record); });
  EXPECT_GE(records, GetParam().counted);
}

INSTANTIATE_TEST_SUITE_P(Captures, SpmcReplay,
                         testing::Values(Capture{"xen-dom0-probe.jsonl", "spmc", true, 48},
                                         Capture{"xen-dom0-shm-small.jsonl", "spmc", true, 85},
                                         Capture{"xen-dom0-shm-sess.jsonl", "spmc", true, 100},
                                         Capture{"xen-dom0-ffav12-shm.jsonl", "spmc", true, 150},
                                         Capture{"xen-dom0-xtest-1004.jsonl", "spmc", true, 250},
                                         Capture{"xen-domU-destroy.jsonl", "spmc", true, 250},
                                         Capture{"linux-probe.jsonl", "linux", false, 38},
                                         Capture{"linux-shm-small.jsonl", "linux", false, 79},
                                         Capture{"linux-shm-sess.jsonl", "linux", false, 90},
                                         Capture{"linux-xtest-1004.jsonl", "linux", false, 200},
                                         Capture{"linux-fragfix-shm-big.jsonl", "linux", false,
                                                 75}),
                         capture_name);

}  // namespace
}  // namespace spmc_test
