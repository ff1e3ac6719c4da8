// SPDX-License-Identifier: BSD-3-Clause
// Register images and register traces: each decodes to its call, has the fields it should, and
// encodes to itself.
#include <functional>
#include <map>
#include <optional>

#include "call_check.hpp"
#include "ffa/calls.hpp"
#include "ffa/reply.hpp"
#include "vectors.hpp"

namespace ffa::test {
namespace {

template <class Call>
Call round_trip(const Regs& regs) {
  const Result<Call> call = Call::decode(regs);
  EXPECT_TRUE(call.ok());
  EXPECT_EQ(call->encode(), regs);
  return *call;
}

EndpointId endpoint(const json& fields, const char* key) {
  return EndpointId{static_cast<uint16_t>(number(fields.at(key)))};
}

template <class Message>
Message framework(const Regs& regs, const json& fields) {
  const auto message = round_trip<Message>(regs);
  EXPECT_EQ(message.sender, endpoint(fields, "sender"));
  EXPECT_EQ(message.receiver, endpoint(fields, "receiver"));
  return message;
}

template <class Request>
void check_vm_request(const Regs& regs, const json& fields) {
  const auto request = framework<Request>(regs, fields);
  EXPECT_EQ(fields.at("handle"), "invalid (all ones)");
  EXPECT_EQ(request.information, invalid_handle);
  EXPECT_EQ(request.vm, endpoint(fields, "vm_id"));
}

using Check = std::function<void(const Regs&, const json&)>;

void check_version_request(const Regs& regs, const json& fields) {
  EXPECT_EQ(fields.at("version"), "1.1");
  EXPECT_EQ(framework<VersionRequest>(regs, fields).requested, v1_1);
}

void check_version_response(const Regs& regs, const json& fields) {
  EXPECT_EQ(fields.at("version"), "1.2");
  EXPECT_EQ(framework<VersionResponse>(regs, fields).version, v1_2);
}

void check_psci_request(const Regs& regs, const json& fields) {
  EXPECT_EQ(fields.at("psci_fid"), "0x84000002 CPU_OFF");
  EXPECT_EQ(framework<PsciRequest>(regs, fields).function_id, 0x84000002U);
}

void check_error(const Regs& regs, const json& fields) {
  EXPECT_EQ(fields.at("error"), "DENIED (-6)");
  EXPECT_EQ(round_trip<FfaError>(regs).status, Status::denied);
  EXPECT_EQ(reply(Status::denied), regs);
  EXPECT_TRUE(is_error(regs));
}

template <class Call>
void check_target(const Regs& regs, const json& fields) {
  const auto call = round_trip<Call>(regs);
  EXPECT_EQ(call.endpoint, endpoint(fields, "endpoint"));
  EXPECT_EQ(call.vcpu.raw(), number(fields.at("vcpu")));
}

void check_features(const Regs& regs, const json& fields) {
  const auto limits = RxtxMapFeatures::from(round_trip<FeaturesSuccess>(regs));
  EXPECT_EQ(fields.at("min"), "4K");
  EXPECT_EQ(limits.minimum_size, RxtxMapFeatures::MinimumSize::kib4);
  EXPECT_EQ(limits.maximum_pages, number(fields.at("max_pages")));
}

void check_notification_set(const Regs& regs, const json& fields) {
  const auto call = round_trip<NotificationSet>(regs);
  EXPECT_EQ(call.sender, endpoint(fields, "sender"));
  EXPECT_EQ(call.receiver, endpoint(fields, "receiver"));
  EXPECT_EQ(call.bitmap, number(fields.at("bitmap")));
  EXPECT_FALSE(call.per_vcpu);
}

const std::map<std::string, Check>& register_checks() {
  static const std::map<std::string, Check> checks = {
      {"reg_vm_created_req", check_vm_request<VmCreatedRequest>},
      {"reg_vm_created_resp",
       [](const Regs& regs, const json& fields) {
         EXPECT_EQ(framework<VmCreatedResponse>(regs, fields).status, Status::success);
       }},
      {"reg_vm_destroyed_req", check_vm_request<VmDestroyedRequest>},
      {"reg_version_fwk_req", check_version_request},
      {"reg_version_fwk_resp", check_version_response},
      {"reg_psci_cpu_off_fwk_req", check_psci_request},
      {"reg_psci_fwk_resp_success",
       [](const Regs& regs, const json& fields) {
         EXPECT_EQ(framework<PsciResponse>(regs, fields).psci_status, fields.at("status"));
       }},
      {"reg_error_denied", check_error},
      {"reg_interrupt", check_target<ffa::Interrupt>},
      {"reg_run_after_interrupt", check_target<ffa::Run>},
      {"reg_features_rxtx_map_success", check_features},
      {"reg_notification_set", check_notification_set},
  };
  return checks;
}

class FfaRegisterVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaRegisterVector, testing::ValuesIn(names_of(Kind::registers)),
                         test_name);

TEST_P(FfaRegisterVector, DecodesToItsFieldsAndEncodesToItself) {
  const json& vector = vector_called(GetParam());
  const Bytes image = image_of(vector);
  ASSERT_EQ(image.size(), 32U);
  Regs regs;
  for (size_t n = 0; n < 8; ++n) regs.x[n] = load<uint32_t>(image, 4 * n);
  register_checks().at(GetParam())(regs, vector.at("fields"));
}

class FfaNotificationInfoVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaNotificationInfoVector,
                         testing::ValuesIn(names_of(Kind::notification_info)), test_name);

TEST_P(FfaNotificationInfoVector, IsBuiltFromItsListsAndReadBack) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const bool wide = GetParam() == "notification_info_get_64";
  const size_t width = wide ? 8 : 4;
  const Bytes image = image_of(vector);
  ASSERT_EQ(image.size(), 6 * width);
  Regs regs;
  regs.x[0] = wide ? 0xc4000061 : 0x84000061;
  for (size_t n = 0; n < 6; ++n) {
    regs.x[n + 2] = wide ? load<uint64_t>(image, 8 * n) : load<uint32_t>(image, 4 * n);
  }

  NotificationInfoGetSuccess built{.convention = wide ? Convention::smc64 : Convention::smc32,
                                   .more_pending = fields.at("more_pending") != 0};
  for (const json& entry : fields.at("lists")) {
    NotificationList list{.endpoint = endpoint(entry, "endpoint")};
    for (const json& vcpu : entry.at("vcpus")) list.vcpus[list.vcpu_count++] = VcpuId{vcpu};
    ASSERT_TRUE(built.append(list).ok());
  }
  EXPECT_EQ(built.encode(), regs);
  EXPECT_EQ(round_trip<NotificationInfoGetSuccess>(regs), built);
}

class FfaPartitionInfoRegsVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaPartitionInfoRegsVector,
                         testing::ValuesIn(names_of(Kind::partition_info_regs)), test_name);

/// Partition `n` of the vector: id 0x8001 + n, one context, properties 0x101, a UUID of one byte
/// repeated.
PartitionRegs expected_partition(uint16_t n) {
  Uuid uuid;
  for (uint8_t& byte : uuid.bytes) byte = static_cast<uint8_t>(0x10 * (n + 1));
  return {EndpointId{static_cast<uint16_t>(0x8001 + n)}, 1, PartitionProperties{0x101}, uuid};
}

TEST_P(FfaPartitionInfoRegsVector, BothRepliesAreBuiltAndReadBack) {
  const json& vector = vector_called(GetParam());
  const json& fields = vector.at("fields");
  const Bytes image = image_of(vector);
  const auto last = static_cast<uint16_t>(number(fields.at("last_index")));
  EXPECT_EQ(number(fields.at("count")), last + 1U);
  uint16_t next = 0;
  size_t offset = 0;
  for (const char* const key : {"call1_current_index", "call2_current_index"}) {
    PartitionInfoGetRegsSuccess built{
        .last_index = last,
        .current_index = static_cast<uint16_t>(number(fields.at(key))),
        .information_tag = static_cast<uint16_t>(number(fields.at("tag"))),
        .descriptor_size_bytes = static_cast<uint16_t>(number(fields.at("descriptor_size")))};
    for (unsigned i = 0; next <= built.current_index; ++i, ++next) {
      ASSERT_TRUE(built.set_partition(i, expected_partition(next)).ok());
    }
    const json& call = vector.at("calls").at(offset == 0 ? 1 : 3);
    EXPECT_EQ(built.encode(), regs_from(call.at("regs")));
    for (unsigned n = 3; n <= 17; ++n, offset += 8) {
      EXPECT_EQ(built.encode().x[n], load<uint64_t>(image, offset)) << "x" << n;
    }
    EXPECT_EQ(round_trip<PartitionInfoGetRegsSuccess>(built.encode()), built);
    EXPECT_EQ(built.partition(0)->id,
              EndpointId{static_cast<uint16_t>(next == 5 ? 0x8001 : 0x8006)});
  }
  EXPECT_EQ(next, last + 1);
  EXPECT_EQ(offset, image.size());
}

/// Position in a trace: what has been sent so far, as far as the next call depends on it.
struct Trace {
  const json& vector;
  bool physical;  // between hypervisor and SPMC, where fragments name their VM
  size_t fragment = 0;
  size_t bytes_sent = 0;
  std::optional<Handle> handle{};
  uint16_t partitions_seen = 0;
};

/// The handle of the first FFA_MEM_FRAG_RX stays that of the transaction to its end.
void check_handle(Trace& trace, Handle handle) {
  EXPECT_EQ(handle, trace.handle.value_or(handle));
  trace.handle = handle;
}

EndpointId expected_fragment_endpoint(const Trace& trace) {
  return trace.physical ? endpoint(trace.vector.at("fields"), "sender") : EndpointId{0};
}

size_t fragment_length(const Trace& trace, size_t index) {
  if (!trace.vector.contains("fragments")) return trace.vector.at("length");
  return trace.vector.at("fragments").at(index).at("length");
}

void check_send(Trace& trace, uint32_t total_length, uint32_t length) {
  EXPECT_EQ(trace.vector.at("length"), total_length);
  EXPECT_EQ(fragment_length(trace, 0), length);
  trace.bytes_sent = length;
}

void check_frag_rx(Trace& trace, const Regs& regs) {
  const auto call = round_trip<MemFragRx>(regs);
  check_handle(trace, call.handle);
  EXPECT_EQ(call.fragment_offset_bytes, trace.bytes_sent);
  EXPECT_EQ(call.endpoint, expected_fragment_endpoint(trace));
}

void check_frag_tx(Trace& trace, const Regs& regs) {
  const auto call = round_trip<MemFragTx>(regs);
  check_handle(trace, call.handle);
  EXPECT_EQ(call.fragment_length_bytes, fragment_length(trace, ++trace.fragment));
  EXPECT_EQ(call.endpoint, expected_fragment_endpoint(trace));
  trace.bytes_sent += call.fragment_length_bytes;
}

void check_partition_info_success(const Trace& trace, const Regs& regs) {
  const json& fields = trace.vector.at("fields");
  const auto success = round_trip<PartitionInfoGetSuccess>(regs);
  EXPECT_EQ(fields.at("count"), success.count);
  const bool v1_0 = trace.vector.at("abi_version") == "1.0";
  EXPECT_EQ(success.descriptor_size_bytes, v1_0 ? 0 : number(fields.at("descriptor_size")));
}

void check_success(Trace& trace, const Regs& regs) {
  EXPECT_TRUE(is_success(regs));
  switch (kind_of(trace.vector)) {
    case Kind::memory:
      check_handle(trace, round_trip<MemSendSuccess>(regs).handle);
      EXPECT_EQ(trace.bytes_sent, trace.vector.at("length").get<size_t>());
      return;
    case Kind::partition_info:
      check_partition_info_success(trace, regs);
      return;
    case Kind::notification_info:
      round_trip<NotificationInfoGetSuccess>(regs);
      return;
    case Kind::partition_info_regs:
      trace.partitions_seen =
          static_cast<uint16_t>(round_trip<PartitionInfoGetRegsSuccess>(regs).current_index + 1);
      return;
    case Kind::relinquish:
    case Kind::partition_message:
    case Kind::endpoint_rxtx:
    case Kind::registers:
    case Kind::negative:
      break;
  }
  ADD_FAILURE() << "no success expected here";
}

void check_partition_info_regs(const Trace& trace, const Regs& regs) {
  const auto call = round_trip<PartitionInfoGetRegs>(regs);
  EXPECT_TRUE(call.uuid.is_nil());
  EXPECT_EQ(call.start_index, trace.partitions_seen);
  const bool first = call.start_index == 0;
  EXPECT_EQ(call.information_tag, first ? 0 : number(trace.vector.at("fields").at("tag")));
}

void check_traced_call(Trace& trace, const Regs& regs) {
  const json& fields = trace.vector.at("fields");
  const Fid fid = find_fid(FunctionId{regs.x[0]}.number())->fid;
  if (fid == Fid::mem_share) {
    const auto call = round_trip<MemShare>(regs);
    check_send(trace, call.total_length_bytes, call.fragment_length_bytes);
  } else if (fid == Fid::mem_retrieve_req) {
    const auto call = round_trip<MemRetrieveReq>(regs);
    check_send(trace, call.total_length_bytes, call.fragment_length_bytes);
  } else if (fid == Fid::mem_retrieve_resp) {
    const auto call = round_trip<MemRetrieveResp>(regs);
    check_send(trace, call.total_length_bytes, call.fragment_length_bytes);
  } else if (fid == Fid::mem_frag_rx) {
    check_frag_rx(trace, regs);
  } else if (fid == Fid::mem_frag_tx) {
    check_frag_tx(trace, regs);
  } else if (fid == Fid::partition_info_get) {
    EXPECT_EQ(round_trip<PartitionInfoGet>(regs).uuid, uuid_from(fields.at("query_uuid")));
  } else if (fid == Fid::partition_info_get_regs) {
    check_partition_info_regs(trace, regs);
  } else if (fid == Fid::msg_send2) {
    EXPECT_EQ(round_trip<MsgSend2>(regs).sender,
              trace.physical ? endpoint(fields, "sender") : EndpointId{0});
  } else if (fid == Fid::rxtx_map) {
    EXPECT_TRUE(round_trip<RxtxMap>(regs).is_forwarded());
  } else if (fid == Fid::success) {
    check_success(trace, regs);
  } else {
    ADD_FAILURE() << "a call that this test does not know";
  }
}

/// Returns the number of calls checked.
size_t check_trace(const json& vector, const json& calls, bool physical) {
  Trace trace{.vector = vector, .physical = physical};
  for (const json& call : calls) {
    SCOPED_TRACE(call.dump());
    trace.physical = physical || call.at("from_to") == "hypervisor->SPMC";
    check_traced_call(trace, regs_from(call.at("regs")));
  }
  return calls.size();
}

size_t check_traces(const json& vector) {
  const json& calls = vector.at("calls");
  if (calls.is_array()) return check_trace(vector, calls, false);
  EXPECT_EQ(calls.size(), 2U);
  return check_trace(vector, calls.at("virtual_instance"), false) +
         check_trace(vector, calls.at("physical_instance"), true);
}

class FfaTraceVector : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, FfaTraceVector, testing::ValuesIn(names_with("calls")), test_name);

TEST_P(FfaTraceVector, EveryCallDecodesAndEncodesToItself) {
  EXPECT_GT(check_traces(vector_called(GetParam())), 0U);
}

TEST(FfaTraceVectors, NoCallIsLeftOut) {
  size_t calls = 0;
  for (const std::string& name : names_with("calls")) calls += check_traces(vector_called(name));
  EXPECT_EQ(calls, 52U);
}

}  // namespace
}  // namespace ffa::test
