// SPDX-License-Identifier: BSD-3-Clause
// The SMCCC functions that the dispatcher answers itself: version and features of the convention,
// and the queries of the standard secure service range. [SMCCC 1.3 §6, §7]
#pragma once

#include <cstdint>

#include "ffa/regs.hpp"
#include "ffa/types.hpp"

namespace mediator::smccc {

inline constexpr uint32_t version_fid = 0x80000000;
inline constexpr uint32_t arch_features_fid = 0x80000001;
inline constexpr uint32_t call_count_fid = 0x8400ff00;
inline constexpr uint32_t call_uid_fid = 0x8400ff01;
inline constexpr uint32_t revision_fid = 0x8400ff03;

inline constexpr uint32_t version_1_2 = 0x10002;
inline constexpr uint32_t unknown_function = 0xffffffff;  ///< also NOT_SUPPORTED: -1 in w0
inline constexpr uint32_t revision_major = 1;
inline constexpr uint32_t revision_minor = 0;
/// Identity of this implementation of the service: 6d1d8a0e-52c4-4f0b-9c37-81f04be2a956.
inline constexpr ffa::Uuid service_uid{{0x6d, 0x1d, 0x8a, 0x0e, 0x52, 0xc4, 0x4f, 0x0b, 0x9c, 0x37,
                                        0x81, 0xf0, 0x4b, 0xe2, 0xa9, 0x56}};

/// SMCCC results: w0-w3 are written, x4-x17 keep their values. [SMCCC 1.3 §2.6]
constexpr ffa::Regs result(ffa::Regs in, uint32_t w0, uint32_t w1 = 0, uint32_t w2 = 0,
                           uint32_t w3 = 0) {
  in.x[0] = w0;
  in.x[1] = w1;
  in.x[2] = w2;
  in.x[3] = w3;
  return in;
}

/// True if `function_id` is one that this dispatcher answers or hands to FF-A's range.
constexpr bool is_query(uint32_t function_id) {
  return function_id == version_fid || function_id == arch_features_fid ||
         function_id == call_count_fid || function_id == call_uid_fid ||
         function_id == revision_fid;
}

/// The answer to what is_query(). `service_calls`: FF-A functions that the VM can call.
constexpr ffa::Regs answer(const ffa::Regs& in, uint32_t service_calls) {
  constexpr uint32_t queries = 3;
  switch (ffa::FunctionId{in.x[0]}.raw) {
    case version_fid:
      return result(in, version_1_2);
    case arch_features_fid: {
      const uint32_t asked = in.w(1);
      const bool here = asked == version_fid || asked == arch_features_fid;
      return result(in, here ? 0 : unknown_function);
    }
    case call_count_fid:
      return result(in, service_calls + queries);
    case call_uid_fid:
      return result(in, service_uid.word(0), service_uid.word(1), service_uid.word(2),
                    service_uid.word(3));
    default:  // revision_fid
      return result(in, revision_major, revision_minor);
  }
}

}  // namespace mediator::smccc
