// SPDX-License-Identifier: BSD-3-Clause
// Every call as registers: what was decoded encodes to registers that decode to the same call, and
// these encode to themselves. The unit tests have one example of each, bit by bit; here any number
// of registers holds anything.
#include "ffa/calls.hpp"
#include "ffa/fid.hpp"
#include "laws.hpp"

namespace laws::registers {
namespace {

using ffa::Convention;
using ffa::FunctionId;
using ffa::Regs;

/// The bare call, in any convention that it has.
template <class Call>
Regs bare_call() {
  Call call{};
  if constexpr (requires { call.convention; }) {
    const bool wide = *rc::gen::arbitrary<bool>();
    call.convention = wide ? Convention::smc64 : Convention::smc32;
  }
  return call.encode();
}

/// The bare call with other bits in some registers: in few of them most times, so that of a call
/// whose other registers must be zero enough are accepted.
template <class Call>
Regs nearly_a_call() {
  Regs regs = bare_call<Call>();
  const bool few = *rc::gen::arbitrary<bool>();
  const auto edits = *list_of<std::pair<size_t, uint64_t>>(
      0, few ? 3 : 20, rc::gen::pair(rc::gen::inRange<size_t>(1, 18), wire_number()));
  for (const auto& [n, bits] : edits) regs.x[n] ^= bits;
  return regs;
}

/// What of a call stands in its registers: not the report that others were set, which must be zero.
template <class Call>
Call fields_of(Call call) {
  if constexpr (requires { call.reserved_set; }) call.reserved_set = false;
  return call;
}

template <class Call>
class Registers : public testing::Test {};
TYPED_TEST_SUITE_P(Registers);

TYPED_TEST_P(Registers, SurviveDecodingAndEncoding) {
  using Call = TypeParam;
  size_t accepted = 0;
  rc::detail::checkGTest([&accepted] {
    const Regs regs = nearly_a_call<Call>();
    const ffa::Result<Call> call = Call::decode(regs);
    if (!call.ok()) {
      RC_ASSERT(call.error() == ffa::Status::invalid_parameters);
      return;
    }
    ++accepted;
    const Regs encoded = call->encode();
    const ffa::Result<Call> again = Call::decode(encoded);
    RC_ASSERT(again.ok());
    RC_ASSERT(*again == fields_of(*call));
    RC_ASSERT(again->encode() == encoded);
    if (FunctionId{encoded.x[0]}.is_smc64()) return;
    for (const uint64_t x : encoded.x) RC_ASSERT((x >> 32) == 0U);
  });
  EXPECT_GT(accepted, 10U) << "hardly a case was a call";
}

/// What a call in SMC32 cannot see decides nothing.
TYPED_TEST_P(Registers, UpperHalvesOfSmc32MeanNothing) {
  using Call = TypeParam;
  rc::detail::checkGTest([] {
    const Regs regs = nearly_a_call<Call>();
    if (FunctionId{regs.x[0]}.is_smc64()) return;
    Regs noisy = regs;
    for (uint64_t& x : noisy.x) x ^= *any_word() << 32;
    const ffa::Result<Call> call = Call::decode(regs);
    const ffa::Result<Call> other = Call::decode(noisy);
    RC_ASSERT(call.ok() == other.ok());
    if (call.ok()) RC_ASSERT(*call == *other);
  });
}

REGISTER_TYPED_TEST_SUITE_P(Registers, SurviveDecodingAndEncoding, UpperHalvesOfSmc32MeanNothing);

using Cycles = testing::Types<ffa::MsgWait, ffa::Yield, ffa::Run, ffa::Interrupt,
                              ffa::NormalWorldResume, ffa::El3IntrHandle, ffa::SecondaryEpRegister>;
using Framework =
    testing::Types<ffa::VmCreatedRequest, ffa::VmDestroyedRequest, ffa::VmCreatedResponse,
                   ffa::VmDestroyedResponse, ffa::PsciRequest, ffa::PsciResponse,
                   ffa::WarmBootRequest, ffa::VersionRequest, ffa::VersionResponse, ffa::FfaError,
                   ffa::FfaSuccess, ffa::ConsoleLog>;
using Memory =
    testing::Types<ffa::MemPermGet, ffa::MemPermGetSuccess, ffa::MemPermSet, ffa::MemDonate,
                   ffa::MemLend, ffa::MemShare, ffa::MemRetrieveReq, ffa::MemSendSuccess,
                   ffa::MemRetrieveResp, ffa::MemRelinquish, ffa::MemReclaim, ffa::MemFragRx,
                   ffa::MemFragTx, ffa::MemOpPause, ffa::MemOpResume>;
using Messages =
    testing::Types<ffa::MsgSendDirectReq, ffa::MsgSendDirectResp, ffa::MsgSendDirectReq2,
                   ffa::MsgSendDirectResp2, ffa::MsgSend, ffa::MsgSend2, ffa::MsgPoll>;
using Notifications =
    testing::Types<ffa::NotificationBitmapCreate, ffa::NotificationBitmapDestroy,
                   ffa::NotificationBind, ffa::NotificationUnbind, ffa::NotificationSet,
                   ffa::NotificationGet, ffa::NotificationGetSuccess, ffa::NotificationInfoGet,
                   ffa::NotificationInfoGetSuccess>;
using Setup =
    testing::Types<ffa::PartitionInfoGet, ffa::PartitionInfoGetSuccess, ffa::PartitionInfoGetRegs,
                   ffa::RxtxMap, ffa::RxtxUnmap, ffa::RxRelease, ffa::RxAcquire, ffa::FfaVersion,
                   ffa::FfaVersionResult, ffa::Features, ffa::FeaturesSuccess, ffa::IdGet,
                   ffa::SpmIdGet, ffa::IdGetSuccess>;
INSTANTIATE_TYPED_TEST_SUITE_P(Cycles, Registers, Cycles);
INSTANTIATE_TYPED_TEST_SUITE_P(Framework, Registers, Framework);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, Registers, Memory);
INSTANTIATE_TYPED_TEST_SUITE_P(Messages, Registers, Messages);
INSTANTIATE_TYPED_TEST_SUITE_P(Notifications, Registers, Notifications);
INSTANTIATE_TYPED_TEST_SUITE_P(Setup, Registers, Setup);

}  // namespace
}  // namespace laws::registers
