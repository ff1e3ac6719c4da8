// SPDX-License-Identifier: BSD-3-Clause
// SPs that are programs: they run until they answer, and call their SPMC meanwhile. [DEN0077A 1.2
// §8.2, §14.2, §15.2]
#include "src/chapters.hpp"
#include "src/sp_memory.hpp"

namespace spmc_model {

namespace {

using ffa::Fid;
using ffa::Status;

constexpr uint32_t console_log_32 = 0x8400008a;
constexpr uint32_t console_log_64 = 0xc400008a;
constexpr uint32_t abort_function = 0x84000090;

/// Calls of one request: a program that makes more will never answer.
constexpr uint32_t max_calls = 1U << 20;

bool is_response(uint32_t function) {
  return function == ffa::fid32(Fid::msg_send_direct_resp) ||
         function == ffa::fid64(Fid::msg_send_direct_resp) ||
         function == ffa::fid32(Fid::msg_send_direct_resp2);
}

/// The response that answers this request.
uint32_t wanted_response(const Call& request) {
  if (request.function == ffa::fid32(Fid::msg_send_direct_req2)) {
    return ffa::fid32(Fid::msg_send_direct_resp2);
  }
  return request.smc64 ? ffa::fid64(Fid::msg_send_direct_resp)
                       : ffa::fid32(Fid::msg_send_direct_resp);
}

Answer map_buffers(SpmcStorage& s, size_t sp, const Call& call) {
  SpState& self = s.sps[sp];
  if (self.rx != SpRx::unmapped) return error(Status::denied);
  const bool aligned = ((call.x(1) | call.x(2)) & ffa::page_mask) == 0;
  // One page each is what the SPMC has for an SP.
  if (!aligned || call.x(1) == call.x(2) || call.w(3) != 1) {
    return error(Status::invalid_parameters);
  }
  std::byte probe{};
  const std::span<std::byte> one{&probe, 1};
  const ffa::EndpointId id = self.config.id;
  const bool there = s.programs->read(id, call.x(1), one) && s.programs->read(id, call.x(2), one);
  if (!there) return error(Status::invalid_parameters);
  self.tx_address = call.x(1);
  self.rx_address = call.x(2);
  self.rx = SpRx::free;
  return success();
}

/// FFA_CONSOLE_LOG: characters in the registers, from x2 or w2 on.
Answer print(SpmcStorage& s, size_t sp, const Call& call) {
  const unsigned width = call.smc64 ? 8 : 4;
  const uint32_t most = call.smc64 ? 128 : 24;
  const uint32_t count = call.w(1);
  if (count == 0 || count > most) return error(Status::invalid_parameters);
  for (uint32_t n = 0; n < count && 2 + n / width < call.in.x.size(); ++n) {
    const uint64_t word = call.in.x[2 + n / width];
    s.programs->print(s.sps[sp].config.id, static_cast<char>(word >> (8 * (n % width))));
  }
  return success();
}

/// A call of the program's that is no answer.
Answer serve(SpmcStorage& s, size_t sp, const Call& call) {
  SpState& self = s.sps[sp];
  switch (call.function) {
    case ffa::fid32(Fid::rxtx_map):
    case ffa::fid64(Fid::rxtx_map):
      return map_buffers(s, sp, call);
    case ffa::fid32(Fid::id_get):
      return success(self.config.id.raw());
    case ffa::fid32(Fid::spm_id_get):
      return success(ffa::spmc_default_id.raw());
    case ffa::fid32(Fid::features):
      return handle_features(s, call);
    case console_log_32:
    case console_log_64:
      return print(s, sp, call);
    default:
      break;
  }
  const bool mapped = self.rx != SpRx::unmapped;
  SpBuffers& buffers = s.sp_buffers[sp];
  if (mapped) (void)s.programs->read(self.config.id, self.tx_address, buffers.tx);
  const bool was_free = self.rx == SpRx::free;
  const Answer answer = call_spmc(s, sp, call);
  if (mapped && was_free && self.rx == SpRx::full) {
    (void)s.programs->write(self.config.id, self.rx_address, buffers.rx);
  }
  return answer;
}

/// Until the program says one of these, or is not there any more: FFA_ABORT.
template <class Ends>
Call run_until(SpmcStorage& s, size_t sp, const ffa::Regs* in, Ends ends) {
  ffa::Regs regs;
  for (uint32_t n = 0; n < max_calls; ++n) {
    const ffa::Regs out = s.programs->run(s.sps[sp].config.id, in);
    const ffa::FunctionId id{out.x[0]};
    const Call call{out, id.raw, id.is_smc64()};
    if (call.function == abort_function || ends(call)) return call;
    regs = serve(s, sp, call).out;
    in = &regs;
  }
  return Call{{}, abort_function, false};
}

}  // namespace

Answer run_program(SpmcStorage& s, const Call& request, size_t sp) {
  SpState& self = s.sps[sp];
  const uint32_t wanted = wanted_response(request);
  // One that was interrupted does not know; one that has yielded is told that it may go on.
  const ffa::Regs yielded = success().out;
  const bool was_yielding = self.mid_request && self.contexts[0].kind == StopKind::yield;
  const ffa::Regs* in = self.mid_request ? nullptr : &request.in;
  if (was_yielding) in = &yielded;
  const Call end = run_until(s, sp, in, [&](const Call& call) {
    const bool answers = is_response(call.function) && call.function == wanted &&
                         call.w(1) == swapped_ids(request.w(1));
    return answers || call.function == ffa::fid32(Fid::interrupt) ||
           call.function == ffa::fid32(Fid::yield);
  });
  self.mid_request = false;
  if (end.function == abort_function) {
    abort_sp(s, sp);
    return error(Status::aborted);
  }
  if (is_response(end.function)) {
    return {end.in, end.function == ffa::fid32(Fid::msg_send_direct_resp2)};
  }
  self.mid_request = true;
  return reply(end.function);
}

bool boot_program(SpmcStorage& s, size_t sp) {
  const ffa::Regs* in = nullptr;
  const Call end = run_until(s, sp, in, [](const Call& call) {
    return call.function == ffa::fid32(Fid::msg_wait) ||
           call.function == ffa::fid32(Fid::interrupt);
  });
  const bool waits = end.function == ffa::fid32(Fid::msg_wait);
  if (!waits) abort_sp(s, sp);
  return waits;
}

}  // namespace spmc_model
