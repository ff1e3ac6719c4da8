// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/import/answers.hpp"

#include "ffa/fid.hpp"
#include "ffa/reply.hpp"

namespace ffa_trace {
namespace {

using ffa::Fid;

bool is(const Row& row, Fid fid) { return ffa::is_function(row.regs, fid); }

bool is_direct(const Row& row) {
  return is(row, Fid::msg_send_direct_req) || is(row, Fid::msg_send_direct_req2);
}

bool is_memory_send(const Row& row) {
  return is(row, Fid::mem_share) || is(row, Fid::mem_lend) || is(row, Fid::mem_donate);
}

/// Sender and receiver of a direct response are those of its request, exchanged.
bool ids_fit(const Row& call, const Row& answer) {
  if (((call.known & answer.known) >> 1 & 1U) == 0) return true;
  const uint32_t w1 = call.regs.w(1);
  return answer.regs.w(1) == (w1 << 16 | w1 >> 16);
}

bool preempts(const Row& answer) { return is(answer, Fid::interrupt) || is(answer, Fid::yield); }

}  // namespace

bool is_ffa(const Row& row) {
  return (row.regs.x[0] >> 32) == 0 && ffa::FunctionId{row.regs.x[0]}.in_ffa_range();
}

bool is_only_answer(const Row& row) {
  return ffa::is_error(row.regs) || ffa::is_success(row.regs) || preempts(row) ||
         is(row, Fid::msg_send_direct_resp) || is(row, Fid::msg_send_direct_resp2) ||
         is(row, Fid::mem_retrieve_resp) || is(row, Fid::mem_op_pause);
}

bool is_farewell(const Row& row) {
  return is(row, Fid::msg_wait) || is(row, Fid::normal_world_resume);
}

bool is_answered_by_spmd(const Row& row) {
  return is(row, Fid::id_get) || is(row, Fid::spm_id_get) || is(row, Fid::secondary_ep_register);
}

bool is_version(const Row& row) { return is(row, Fid::version); }

bool is_version_response(const Row& row) {
  return is(row, Fid::msg_send_direct_resp) &&
         row.regs.w(2) == ffa::framework_word(ffa::FrameworkMessage::version_response);
}

bool could_answer(const Row& call, const Row& answer) {
  const uint32_t w0 = answer.regs.w(0);
  if (w0 == 0xffffffffU) return true;
  if (is_version(call)) return (w0 >> 31) == 0 || is_version_response(answer);
  if (!is_ffa(answer)) return false;
  if (ffa::is_error(answer.regs)) return true;
  const bool runs = is(call, Fid::run);
  if (ffa::is_success(answer.regs)) {
    return !is_direct(call) && !runs && !is(call, Fid::mem_retrieve_req) &&
           !is(call, Fid::interrupt);
  }
  if (preempts(answer)) return is_direct(call) || runs || is(call, Fid::msg_send2);
  if (is(answer, Fid::msg_send_direct_resp)) {
    return runs || (is(call, Fid::msg_send_direct_req) && ids_fit(call, answer));
  }
  if (is(answer, Fid::msg_send_direct_resp2)) {
    return runs || (is(call, Fid::msg_send_direct_req2) && ids_fit(call, answer));
  }
  if (is(answer, Fid::msg_wait)) return runs;
  if (is(answer, Fid::normal_world_resume)) return is(call, Fid::interrupt);
  if (is(answer, Fid::mem_retrieve_resp)) return is(call, Fid::mem_retrieve_req);
  if (is(answer, Fid::mem_frag_rx)) return is_memory_send(call) || is(call, Fid::mem_frag_tx);
  if (is(answer, Fid::mem_frag_tx)) return is(call, Fid::mem_frag_rx);
  if (is(answer, Fid::mem_op_pause)) return is_memory_send(call) || is(call, Fid::mem_op_resume);
  return false;
}

}  // namespace ffa_trace
