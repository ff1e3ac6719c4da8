// SPDX-License-Identifier: BSD-3-Clause
// Setup and discovery: versions, features, ids, console. The calls on RX/TX buffers and on
// partition information have headers of their own, which this one includes.
// [DEN0077A 1.2 chapter 13]
#pragma once

#include <optional>

#include "ffa/calls/bare.hpp"
#include "ffa/calls/codec.hpp"
#include "ffa/calls/console.hpp"
#include "ffa/calls/partition_info.hpp"
#include "ffa/calls/rxtx.hpp"

namespace ffa {

/// FFA_VERSION. w1 = requested version: 30:16 major, 15:0 minor, bit 31 MBZ. A violation is not an
/// FFA_ERROR but -1 in w0, so decode() never fails: ask is_valid(). [DEN0077A 1.2 §13.2]
struct FfaVersion {
  Version requested{};

  static constexpr Result<FfaVersion> decode(const Regs& regs) {
    return FfaVersion{Version{regs.w(1)}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::version);
    regs.x[1] = requested.raw();
    return regs;
  }
  [[nodiscard]] constexpr bool is_valid() const { return (requested.raw() >> 31) == 0; }
  friend constexpr bool operator==(const FfaVersion&, const FfaVersion&) = default;
};

/// Reply to FFA_VERSION: w0 = the callee's version, or -1 (NOT_SUPPORTED, here: no value) without
/// FFA_ERROR around it; w1-w7 zero. [DEN0077A 1.2 §13.2]
struct FfaVersionResult {
  std::optional<Version> version{};

  static constexpr uint32_t not_supported = 0xffffffffU;
  static constexpr Result<FfaVersionResult> decode(const Regs& regs) {
    if ((regs.w(0) >> 31) != 0) return FfaVersionResult{};
    return FfaVersionResult{Version{regs.w(0)}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs;
    regs.x[0] = version ? version->raw() : not_supported;
    return regs;
  }
  friend constexpr bool operator==(const FfaVersionResult&, const FfaVersionResult&) = default;
};

/// FFA_FEATURES. w1 = function id (bit 31 set) or feature id (7:0; 30:8 MBZ), w2 = input
/// properties. Its only error is NOT_SUPPORTED, also for reserved bits, so decode() never fails:
/// ask has_reserved_bits(). [DEN0077A 1.2 §13.3]
struct Features {
  uint32_t query = 0;
  uint32_t input_properties = 0;

  static constexpr Result<Features> decode(const Regs& regs) {
    return Features{regs.w(1), regs.w(2)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::features);
    regs.x[1] = query;
    regs.x[2] = input_properties;
    return regs;
  }
  static constexpr Features of_function(uint32_t function_id, uint32_t properties = 0) {
    return Features{function_id, properties};
  }
  static constexpr Features of_feature(FeatureId id) {
    return Features{static_cast<uint32_t>(id), 0};
  }
  [[nodiscard]] constexpr bool is_function() const { return (query >> 31) != 0; }
  [[nodiscard]] constexpr FeatureId feature() const {
    return static_cast<FeatureId>(query & 0xffU);
  }
  [[nodiscard]] constexpr bool has_reserved_bits() const {
    return !is_function() && (query & 0x7fffff00U) != 0;
  }
  friend constexpr bool operator==(const Features&, const Features&) = default;

  /// Input property of FFA_MEM_RETRIEVE_REQ: the caller understands the NS attribute bit.
  static constexpr uint32_t retrieve_ns_bit = 1U << 1;
};

/// Reply to FFA_FEATURES: w2, w3 = interface properties; their meaning depends on the query.
/// [DEN0077A 1.2 §13.3]
struct FeaturesSuccess {
  uint32_t w2 = 0;
  uint32_t w3 = 0;

  static constexpr Result<FeaturesSuccess> decode(const Regs& regs) {
    return FeaturesSuccess{regs.w(2), regs.w(3)};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    regs.x[2] = w2;
    regs.x[3] = w3;
    return regs;
  }
  friend constexpr bool operator==(const FeaturesSuccess&, const FeaturesSuccess&) = default;

  /// w2 bits of FFA_MEM_DONATE/LEND/SHARE and FFA_MEM_RETRIEVE_REQ.
  static constexpr uint32_t dynamic_buffer = 1U << 0;
  static constexpr uint32_t retrieve_ns_bit = 1U << 1;
  static constexpr uint32_t hypervisor_retrieve = 1U << 2;
};

/// w2 of FFA_FEATURES(FFA_RXTX_MAP): 1:0 minimum size and alignment, 31:16 largest page count
/// since 1.2 (0: no limit). [DEN0077A 1.2 table 13.14]
struct RxtxMapFeatures {
  enum class MinimumSize : uint8_t { kib4 = 0, kib64 = 1, kib16 = 2, reserved = 3 };
  MinimumSize minimum_size = MinimumSize::kib4;
  uint16_t maximum_pages = 0;

  static constexpr RxtxMapFeatures from(const FeaturesSuccess& success) {
    return {static_cast<MinimumSize>(success.w2 & 3U), codec::high16(success.w2)};
  }
  [[nodiscard]] constexpr FeaturesSuccess features() const {
    return {codec::pair(maximum_pages, static_cast<uint16_t>(minimum_size)), 0};
  }
  friend constexpr bool operator==(const RxtxMapFeatures&, const RxtxMapFeatures&) = default;
};

/// FFA_ID_GET (1.0) and FFA_SPM_ID_GET (1.1): no arguments. [DEN0077A 1.2 §13.10, §13.11]
using IdGet = BareCall<Fid::id_get>;
using SpmIdGet = BareCall<Fid::spm_id_get>;

/// Reply to both: w2[15:0] = the caller's id, or the id of the SPMC (of the SPMD, when the SPMC
/// asks); 31:16 SBZ.
struct IdGetSuccess {
  EndpointId id{};

  static constexpr Result<IdGetSuccess> decode(const Regs& regs) {
    return IdGetSuccess{EndpointId{codec::low16(regs.w(2))}};
  }
  [[nodiscard]] constexpr Regs encode() const {
    Regs regs = codec::start(Fid::success);
    regs.x[2] = id.raw();
    return regs;
  }
  friend constexpr bool operator==(const IdGetSuccess&, const IdGetSuccess&) = default;
};
using SpmIdGetSuccess = IdGetSuccess;

}  // namespace ffa
