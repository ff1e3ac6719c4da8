// SPDX-License-Identifier: BSD-3-Clause
// An SP at EL1 for tests: does what the first payload word of a request says, and answers with the
// second one and what it found.
#include <cstddef>
#include <cstdint>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/endpoint/calls.hpp"

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::Regs;
using ports::endpoint::smc;

constexpr uint32_t console_log = 0x8400008a;
constexpr uint32_t abort_call = 0x84000090;

/// What it can do, by w3 of the request.
enum class Work : uint32_t {
  answer,  ///< nothing else
  count,   ///< as long as w4 says
  yield,   ///< FFA_YIELD first
  touch,   ///< reads at w4, which is not its own
  wait,    ///< FFA_MSG_WAIT in the middle of the request
  log,     ///< prints the characters in w4
};

volatile uint64_t counter;
volatile uint64_t exceptions;

uint64_t serve(Work work, uint32_t argument) {
  switch (work) {
    case Work::count:
      for (uint32_t n = 0; n < argument; ++n) counter = counter + 1;
      return counter;
    case Work::yield:
      return smc(fid32(Fid::yield)).x[0];
    case Work::touch:
      (void)*reinterpret_cast<volatile uint32_t*>(uint64_t{argument});
      return exceptions;
    case Work::wait:
      return smc(fid32(Fid::msg_wait)).x[0];
    case Work::log:
      return smc(console_log, 4, argument).x[0];
    case Work::answer:
      break;
  }
  return 0;
}

}  // namespace

extern "C" {

void endpoint_second_main() {}

uint64_t endpoint_exception(uint64_t syndrome, uint64_t /*address*/, uint64_t from) {
  constexpr uint64_t data_abort = 0x25;
  if (syndrome >> 26 != data_abort) (void)smc(abort_call);
  exceptions = exceptions + 1;
  return from + 4;
}

void endpoint_main() {
  (void)smc(console_log, 3, 0x0a7075);  // "up", and the end of the line
  Regs regs = smc(fid32(Fid::msg_wait));
  while (true) {
    const uint64_t found = serve(static_cast<Work>(regs.w(3)), regs.w(4));
    Regs answer;
    answer.x[0] = fid32(Fid::msg_send_direct_resp);
    answer.x[1] = (regs.w(1) >> 16) | (regs.w(1) << 16);
    answer.x[4] = regs.w(4);
    answer.x[5] = found;
    port_smc(answer.x.data(), 0);
    regs = answer;
  }
}
}
