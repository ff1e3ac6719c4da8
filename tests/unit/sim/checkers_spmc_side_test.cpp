// SPDX-License-Identifier: BSD-3-Clause
// I01, I02 and I07 as the SPMC model remembers: a mediator that tells its observer other ranges
// than it sent, or of nothing at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sharing_world.hpp"
#include "sim/check/checkers.hpp"

namespace sim::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A world with the SPMC model, whose VM 1 shares two pages; the mediator then tells its observer
/// of `known`.
struct ModelWorld : FakeWorld {
  ModelWorld() : FakeWorld({}, true) {
    script.probe = [](FakeMediator& m) {
      m.smc(0, regs({version_call, 0x10001}));
      m.smc(0, regs({0xc4000066, 0x48000000, 0x48010000, 1}));
      return 0;
    };
    script.init = [](FakeMediator& m, uint16_t vm) {
      m.smc(0, regs({request_call, 0x8001, 0x80000004, 0, 0, vm}));
      m.smc(0, regs({request_call, 0x8002, 0x80000004, 0, 0, vm}));
      return 0;
    };
    start();
    negotiate_and_map();
  }
  void share(uint64_t ipa, const std::vector<std::pair<uint64_t, uint64_t>>& known) {
    const uint64_t pa = simulation.machine().translate(1, ipa, 2).pa.raw();
    const std::vector<std::pair<uint64_t, uint32_t>> asked{{ipa, 2}};
    const std::vector<std::pair<uint64_t, uint32_t>> told{{pa, 2}};
    put_in_tx(*this, descriptor(1, asked));
    const auto inner = share_by(descriptor(1, told), {{ipa, 2}});
    script.call = [this, inner, known](FakeMediator& m, uint16_t vm, uint16_t vcpu, ffa::Regs& r) {
      inner(m, vm, vcpu, r);
      if (!known.empty()) add_share(*this, 1, uint64_t{r.w(3)} << 32 | r.w(2), 2, known);
      return true;
    };
    call(1, {share_call, 96, 96});
  }
};

constexpr uint64_t shared = ram_ipa + 4 * page;

TEST(SpmcSide, ARightShareIsSilent) {
  ModelWorld w;
  w.share(shared, {{shared, 2}});
  EXPECT_EQ(w.texts(), "");
}

TEST(SpmcSide, I02PagesThatAreNotThoseOfTheTransactionAreFound) {
  ModelWorld w;
  w.share(shared, {{shared + page, 2}});
  EXPECT_THAT(w.found(), Contains("I02"));
  EXPECT_THAT(w.texts(), HasSubstr("the SPMC holds other pages for transaction"));
}

TEST(SpmcSide, I02PagesInAnotherOrderAreFound) {
  ModelWorld w;
  w.share(shared, {{shared + page, 1}, {shared, 1}});
  EXPECT_THAT(w.texts(), HasSubstr("the SPMC holds other pages for transaction"));
}

TEST(SpmcSide, I01AnSpThatMayWriteWhatItsOwnerMayNotIsFound) {
  ModelWorld w;
  w.share(read_only_ipa, {{read_only_ipa, 2}});
  EXPECT_THAT(w.texts(), HasSubstr("its owner may not"));
}

TEST(SpmcSide, I07ATransactionThatTheMediatorDoesNotHaveIsFound) {
  ModelWorld w;
  w.share(shared, {});
  EXPECT_THAT(w.texts(), HasSubstr("a transaction that the mediator does not have"));
  EXPECT_THAT(w.texts(), Not(HasSubstr("I02")));
}

}  // namespace
}  // namespace sim::test
