// SPDX-License-Identifier: BSD-3-Clause
// Answers of an OP-TEE-like service: w3, w4, and the argument structure in the guest's memory.
#include <fmt/format.h>

#include "ffa/reply.hpp"
#include "guest/interpreter.hpp"
#include "sim/scenario/judge_step.hpp"
#include "sim/scenario/optee_message.hpp"

namespace sim::scenario {
namespace {

constexpr unsigned return_register = 4;

std::string text_of(const std::string& field, uint64_t value) {
  const bool code = field == "ret" || field == "rpc.ret";
  return code ? tee_code_text(value) : fmt::format("{:#x}", value);
}

uint64_t wanted(const JudgedStep& step, const ExpectedNumber& number) {
  return guest::operand_value(number.value, step.record.slots);
}

void judge_fields(const JudgedStep& step, const ExpectedTee& tee, Verdict& verdict) {
  const MemoryDump* dump = step.evidence.memory(tee.dump);
  if (dump == nullptr || !dump->ok) {
    verdict.add(tee.pointer, "an argument structure", "no memory there");
    return;
  }
  for (const ExpectedTeeField& field : tee.fields) {
    uint64_t value = 0;
    for (uint32_t n = 0; n < field.width && field.offset + n < dump->bytes.size(); ++n) {
      value |= uint64_t{dump->bytes[field.offset + n]} << (8 * n);
    }
    const uint64_t want = wanted(step, field.value);
    if (field.value.any || want == value) continue;
    verdict.add(tee.pointer + "/" + field.name,
                fmt::format("{} {}", field.name, text_of(field.name, want)),
                fmt::format("{} {}", field.name, text_of(field.name, value)));
  }
}

}  // namespace

void judge_tee(const JudgedStep& step, const Expectation& expect, Verdict& verdict) {
  if (!expect.tee) return;
  const ExpectedTee& tee = *expect.tee;
  const trace::Event* call = step.call();
  // Whether there had to be an answer is said by judge_reply().
  if (call == nullptr || !ffa::is_function(call->out, ffa::Fid::msg_send_direct_resp)) return;
  const uint64_t code = call->out.w(code_register);
  const uint64_t returned = call->out.w(return_register);
  if (tee.code && !tee.code->any && wanted(step, *tee.code) != code) {
    verdict.add(tee.pointer + "/code", "w3 " + tee_code_text(wanted(step, *tee.code)),
                "w3 " + tee_code_text(code));
    return;
  }
  if (tee.returned && *tee.returned != returned) {
    verdict.add(tee.pointer + "/returns", optee_return_text(*tee.returned),
                optee_return_text(returned));
    return;
  }
  if (!tee.fields.empty()) judge_fields(step, tee, verdict);
}

}  // namespace sim::scenario
