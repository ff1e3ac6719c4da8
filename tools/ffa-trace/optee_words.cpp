// SPDX-License-Identifier: BSD-3-Clause
#include "tools/ffa-trace/optee_words.hpp"

#include <fmt/format.h>

#include "tools/ffa-trace/field_words.hpp"

namespace ffa_trace {
namespace {

/// How w4-w7 of a request go on.
enum class Rest : uint8_t { none, handle, handle_offset, value, thread };
/// How w3-w7 of the response read.
enum class Answer : uint8_t { status, version, os_version, capabilities, yielding };

struct Service {
  uint32_t id;  ///< w3 of the request; bit 31: the call may yield
  const char* name;
  Rest rest;
  Answer answer;
};

constexpr Service services[] = {
    {0x00000000, "get API version", Rest::none, Answer::version},
    {0x00000001, "get OS version", Rest::none, Answer::os_version},
    {0x00000002, "exchange capabilities", Rest::none, Answer::capabilities},
    {0x00000003, "unregister shared memory", Rest::handle, Answer::status},
    {0x00000005, "enable asynchronous notifications", Rest::value, Answer::status},
    {0x80000000, "yielding call: start", Rest::handle_offset, Answer::yielding},
    {0x80000001, "yielding call: resume", Rest::thread, Answer::yielding},
};

struct Named {
  uint32_t value;
  const char* name;
};
constexpr Named yields[] = {{0, "done"}, {1, "RPC"}, {2, "interrupted"}};
constexpr Named statuses[] = {{0x00000000, "OK"},
                              {0xffff0006, "bad parameters"},
                              {0xffff0008, "item not found"},
                              {0xffff000a, "not supported"},
                              {0xffff000c, "out of memory"},
                              {0xffff000d, "busy: no thread free"},
                              // The status words of FF-A, which some of its versions use here.
                              {0xfffffffe, "INVALID_PARAMETERS"},
                              {0xfffffffd, "NO_MEMORY"},
                              {0xfffffffc, "BUSY: no thread free"},
                              {0xfffffffa, "DENIED"}};
constexpr Bit capabilities[] = {{0, "argument offset"},
                                {1, "asynchronous notifications"},
                                {2, "RPMB probing"},
                                {3, "protected memory"}};

template <size_t n>
std::string name_of(const Named (&table)[n], uint32_t value) {
  for (const Named& row : table) {
    if (row.value == value) return row.name;
  }
  return fmt::format("{:#x}", value);
}

const Service* find_service(uint32_t id) {
  for (const Service& service : services) {
    if (service.id == id) return &service;
  }
  return nullptr;
}

uint64_t handle_in(const ffa::Regs& regs) {
  return static_cast<uint64_t>(regs.w(5)) << 32 | regs.w(4);
}

}  // namespace

std::optional<OpteeCall> optee_call(const ffa::Regs& in) {
  const Service* const service = find_service(in.w(3));
  if (service == nullptr) return std::nullopt;
  OpteeCall call;
  if (service->answer == Answer::yielding) {
    call.kind = service->rest == Rest::thread ? OpteeCall::Kind::resume : OpteeCall::Kind::start;
  }
  call.names_handle = service->rest == Rest::handle || service->rest == Rest::handle_offset;
  call.thread = in.w(7);
  return call;
}

OpteeReturn optee_return(const ffa::Regs& out) {
  if (out.w(3) == 0xffff000d || out.w(3) == 0xfffffffc) return OpteeReturn::no_thread;
  if (out.w(3) != 0 || out.w(4) == 0) return OpteeReturn::done;
  return out.w(4) == 1 ? OpteeReturn::rpc : OpteeReturn::interrupted;
}

std::string optee_request_words(const ffa::Regs& in) {
  const Service* const service = find_service(in.w(3));
  if (service == nullptr) return {};
  switch (service->rest) {
    case Rest::none:
      return service->name;
    case Rest::handle:
      return fmt::format("{}, handle {:#x}", service->name, handle_in(in));
    case Rest::handle_offset:
      return fmt::format("{}, handle {:#x}, offset {:#x}", service->name, handle_in(in), in.w(6));
    case Rest::value:
      return fmt::format("{}, value {}", service->name, in.w(4));
    case Rest::thread:
      return fmt::format("{}, thread {}", service->name, in.w(7));
  }
  return {};
}

std::string optee_response_words(const ffa::Regs& in, const ffa::Regs& out) {
  const Service* const service = find_service(in.w(3));
  if (service == nullptr) return {};
  switch (service->answer) {
    case Answer::status:
      return name_of(statuses, out.w(3));
    case Answer::version:
      return fmt::format("version {}.{}", out.w(3), out.w(4));
    case Answer::os_version:
      return fmt::format("version {}.{}, build {:08x}", out.w(3), out.w(4), out.w(5));
    case Answer::capabilities:
      return fmt::format("{}, {} RPC parameters, capabilities {}, notifications up to {}",
                         name_of(statuses, out.w(3)), out.w(4) & 0xff,
                         bits_text(out.w(5), capabilities), out.w(6));
    case Answer::yielding:
      if (out.w(3) != 0) return name_of(statuses, out.w(3));
      if (out.w(4) == 0) return "done";
      return fmt::format("{}, thread {}", name_of(yields, out.w(4)), out.w(7));
  }
  return {};
}

}  // namespace ffa_trace
