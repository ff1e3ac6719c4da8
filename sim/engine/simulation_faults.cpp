// SPDX-License-Identifier: BSD-3-Clause
// What goes wrong in a world, where a fault of it says so: answers of the SPMC, its SPs, what a
// guest writes while it is read. What the platform refuses is in sim/platform/bridge.cpp.
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <utility>

#include "ffa/calls/partition_info.hpp"
#include "ffa/fid.hpp"
#include "ffa/reply.hpp"
#include "sim/engine/simulation_impl.hpp"
#include "sim/machine/canary.hpp"

namespace sim {
namespace {

using ffa::Fid;
using ffa::Regs;

Regs registers(std::initializer_list<uint64_t> values) {
  Regs regs;
  std::ranges::copy(values, regs.x.begin());
  return regs;
}

/// What no call is answered with, or not this one; from `first_status` on FFA_ERROR with each
/// status, whether or not the call has it.
constexpr uint32_t first_status = 8;
constexpr uint32_t odd_answers = first_status + 9;
Regs odd_answer(uint32_t which, const Regs& in) {
  constexpr uint64_t all = ~uint64_t{0};
  if (which >= first_status) {
    return ffa::reply(static_cast<ffa::Status>(-1 - static_cast<int32_t>(which - first_status)));
  }
  constexpr uint32_t no_status = 0x8000004d;
  switch (which) {
    case 0:
      return registers({ffa::fid32(Fid::interrupt), in.x[1] & 0xffff0000});
    case 1:
      return registers({ffa::fid32(Fid::yield), in.x[1] & 0xffff0000});
    case 2:
      return registers({ffa::fid32(Fid::msg_wait)});
    case 3:
      return registers({ffa::fid32(Fid::msg_send_direct_resp), 0x90029003, 0, 0xbad0003});
    case 4:
      return registers({ffa::fid32(Fid::error), 0, no_status});
    case 5:
      return registers({ffa::fid32(Fid::error), 0, 5});
    case 6:
      return registers({});
    default: {
      Regs regs;
      regs.x.fill(all);
      return regs;
    }
  }
}

/// A word as somebody leaves it who means harm.
constexpr uint32_t bad_words = 4;
uint32_t bad_word(uint32_t which, uint32_t word) {
  switch (which) {
    case 0:
      return ~uint32_t{0};
    case 1:
      return 0;
    case 2:
      return word + 1;
    default:
      return word ^ 0x80000000;
  }
}

}  // namespace

// A source that ends the run does so beside the mediator, whose frames know no exceptions.
uint32_t Simulation::Impl::choose(uint32_t n, const char* label) {
  if (!scheduler.on_task()) return choices->choose(n, label);
  std::exception_ptr error;
  try {
    return choices->choose(n, label);
  } catch (...) {
    error = std::current_exception();
  }
  scheduler.fail(std::move(error));
  return 0;
}

std::optional<uint32_t> Simulation::strike(const char* op, uint32_t n, const char* label) {
  Impl& impl = *impl_;
  if (!impl.faults.any()) return {};
  impl.scheduler.perform({OperationKind::faults});
  const FaultSpec* const fault = impl.faults.strike(op);
  if (fault == nullptr) return {};
  return impl.faults.choose(*fault, n, label);
}

ffa::Regs Simulation::Impl::answer_smc(uint16_t vm, const ffa::Regs& in) {
  if (!faults.any()) return secure->smc(vm, in);
  const ffa::Regs out = faulty_answer(vm, in);
  if (secure->model() != nullptr) {
    hold_to_buffers(vm, in, out);
    hold_to_abortion(vm, in, out);
  }
  return out;
}

ffa::Regs Simulation::Impl::faulty_answer(uint16_t vm, const ffa::Regs& in) {
  const uint32_t fid = in.w(0);
  if (const FaultSpec* const odd = faults.strike("odd_answer", fid)) {
    const ffa::Regs out = odd_answer(faults.choose(*odd, odd_answers, "answer"), in);
    refuse_fragment(in, out);
    return out;
  }
  const FaultSpec* const fault = faults.strike("smc", fid);
  ffa::Regs out;
  if (fault == nullptr) stop_sp(in);
  if (fault == nullptr || fault->execute) out = secure->smc(vm, in);
  if (fault == nullptr) {
    distort_counts(in, out);
    distort_handle(in, out);
  } else if (fault->regs) {
    out = {};
    std::copy(fault->regs->begin(), fault->regs->end(), out.x.begin());
  } else {
    const auto status = fault->status.value_or(static_cast<int32_t>(ffa::Status::aborted));
    out = ffa::reply(static_cast<ffa::Status>(status));
    if (fault->chosen) refuse_fragment(in, out);
  }
  return out;
}

/// An SPMC that refuses a fragment, be it the one that is to end its send, forgets the send.
void Simulation::Impl::refuse_fragment(const ffa::Regs& in, const ffa::Regs& out) {
  const bool refused = is_function(in, Fid::mem_frag_tx) && ffa::is_error(out);
  const ffa::Status status = ffa::error_status(out);
  if (!refused || status == ffa::Status::busy || status == ffa::Status::retry) return;
  if (secure->model() == nullptr) return;
  secure->model()->drop_send(ffa::Handle::from_words(in.w(1), in.w(2)));
}

/// After an answer that says neither, "none there" has to be believed: the SPMC lets the buffers
/// go, since nobody can know that it has them yet.
void Simulation::Impl::hold_to_buffers(uint16_t vm, const ffa::Regs& in, const ffa::Regs& out) {
  if (vm == 0 || !is_function(in, Fid::rxtx_unmap)) return;
  if (!ffa::is_success(out) && !ffa::is_error(out)) {
    unsure_of_buffers.insert(vm);
    return;
  }
  const bool none = ffa::is_error(out) && ffa::error_status(out) == ffa::Status::invalid_parameters;
  if (none && unsure_of_buffers.contains(vm)) (void)secure->smc(vm, in);
  if (none || ffa::is_success(out)) unsure_of_buffers.erase(vm);
}

/// An SP that is said to have aborted, and then is not counted any more, has to be believed gone.
void Simulation::Impl::hold_to_abortion(uint16_t vm, const ffa::Regs& in, const ffa::Regs& out) {
  const bool error = ffa::is_error(out);
  if (error && ffa::error_status(out) == ffa::Status::aborted) {
    if (is_function(in, Fid::run)) said_to_have_aborted.insert(ffa::codec::high16(in.w(1)));
    const bool request =
        is_function(in, Fid::msg_send_direct_req) || is_function(in, Fid::msg_send_direct_req2);
    if (request) said_to_have_aborted.insert(ffa::codec::low16(in.w(1)));
    return;
  }
  if (vm != 0 || said_to_have_aborted.empty() || !is_function(in, Fid::partition_info_get)) return;
  const auto query = ffa::PartitionInfoGet::decode(in);
  if (!query.ok() || !query->count_only) return;
  const bool none = error && ffa::error_status(out) == ffa::Status::invalid_parameters;
  const ffa::Regs truth = secure->smc(vm, in);
  const bool fewer =
      ffa::is_success(truth) && (none || (ffa::is_success(out) && out.w(2) < truth.w(2)));
  for (const SpSpec& sp : spec.sps) {
    if (sp.uuid != query->uuid && !query->uuid.is_nil()) continue;
    if (said_to_have_aborted.erase(sp.id) != 0 && fewer)
      secure->model()->abort(ffa::EndpointId{sp.id});
  }
}

/// The SP that a request goes to is stopped in it, as a `preempt` step does.
void Simulation::Impl::stop_sp(const ffa::Regs& in) {
  const bool request =
      is_function(in, Fid::msg_send_direct_req) || is_function(in, Fid::msg_send_direct_req2);
  if (!request || secure->model() == nullptr) return;
  const FaultSpec* const fault = faults.strike("preempt", in.w(0));
  if (fault == nullptr) return;
  // One that is told of VMs answers when it comes to it.
  const bool framework =
      is_function(in, Fid::msg_send_direct_req) && (in.w(2) & ffa::framework_message_bit) != 0;
  const auto how =
      static_cast<spmc_model::StopKind>(faults.choose(*fault, framework ? 2 : 3, "stop"));
  secure->model()->preempt(ffa::EndpointId{static_cast<uint16_t>(in.w(1))}, 1, how);
}

/// An answer tells of more, or less, than there is.
void Simulation::Impl::distort_counts(const ffa::Regs& in, ffa::Regs& out) {
  const bool list = ffa::is_success(out) && (is_function(in, Fid::partition_info_get) ||
                                             is_function(in, Fid::partition_info_get_regs) ||
                                             is_function(in, Fid::notification_info_get));
  const bool fragment =
      is_function(out, Fid::mem_frag_tx) || is_function(out, Fid::mem_retrieve_resp);
  if (!list && !fragment) return;
  const FaultSpec* const fault = faults.strike("counts", in.w(0));
  if (fault == nullptr) return;
  // Of a list w2 and w3, of a response its two lengths, of a fragment w3.
  const size_t first = is_function(out, Fid::mem_retrieve_resp) ? 1 : list ? 2 : 3;
  const size_t further = fragment && first == 3 ? 0 : faults.choose(*fault, 2, "register");
  uint64_t& count = out.x[first + further];
  const auto low = static_cast<uint32_t>(count);
  count = count - low + bad_word(faults.choose(*fault, bad_words, "value"), low);
}

/// The handle of a transaction is another one than the SPMC knows it by.
void Simulation::Impl::distort_handle(const ffa::Regs& in, ffa::Regs& out) {
  const bool send = is_function(in, Fid::mem_share) || is_function(in, Fid::mem_lend) ||
                    is_function(in, Fid::mem_donate);
  if (!send || !ffa::is_success(out)) return;
  const FaultSpec* const fault = faults.strike("handle", in.w(0));
  if (fault == nullptr) return;
  // Far from what another transaction has; the top bit of both is the hypervisor's own.
  uint64_t& half = out.x[2 + faults.choose(*fault, 2, "half")];
  half = faults.choose(*fault, 2, "value") == 0 ? half ^ 0x40000000 : 0x7fffffff;
}

/// Another vCPU of the VM writes a word into its TX.
void Simulation::Impl::around_read(const BufferAccess& access) {
  if (!faults.any() || current_step() == nullptr) return;
  const auto buffer = buffers.find(access.buffer);
  if (buffer == buffers.end() || access.length < sizeof(uint32_t)) return;
  const auto [id, ipa] = buffer->second;
  const auto vm = vms.find(id);
  if (vm == vms.end() || ipa != vm->second.buffers.tx_ipa) return;
  const FaultSpec* const fault = faults.strike("tx");
  if (fault == nullptr) return;
  // Behind the first words of a descriptor there are only more of its ranges.
  constexpr uint32_t most_words = 48;
  const uint32_t words = std::min<uint32_t>(access.length / sizeof(uint32_t), most_words);
  const uint64_t at = ipa + access.offset + faults.choose(*fault, words, "word") * sizeof(uint32_t);
  std::array<std::byte, sizeof(uint32_t)> bytes{};
  scheduler.perform({});
  if (!machine.read_ipa(id, at, bytes)) return;
  uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  word = bad_word(faults.choose(*fault, bad_words, "value"), word);
  // What looked like a canary would be taken for bytes of whoever that names.
  if (is_canary_mark(word)) word = ~word;
  std::memcpy(bytes.data(), &word, sizeof word);
  machine.write_ipa(id, at, bytes);
}

}  // namespace sim
