// SPDX-License-Identifier: BSD-3-Clause
// A guest's side of OP-TEE's message protocol in plain bytes: regions, argument structures,
// requests. Used by the tests of the SP kind `optee`.
#pragma once

#include <cstring>

#include "spmc-model/optee.hpp"
#include "world.hpp"

namespace spmc_test {

namespace optee = spmc_model::optee;

inline constexpr uint16_t tee_id = 0x8002;
inline constexpr uint32_t done = 0;
inline constexpr uint32_t rpc = 1;
inline constexpr uint32_t interrupted = 2;
inline constexpr uint32_t tee_generic = 0xffff0000;
inline constexpr uint32_t tee_access_denied = 0xffff0001;
inline constexpr uint32_t tee_cancel = 0xffff0002;
inline constexpr uint32_t tee_bad_parameters = 0xffff0006;
inline constexpr uint32_t tee_bad_state = 0xffff0007;
inline constexpr uint32_t tee_item_not_found = 0xffff0008;
inline constexpr uint32_t tee_not_implemented = 0xffff0009;
inline constexpr uint32_t tee_not_supported = 0xffff000a;
inline constexpr uint32_t tee_out_of_memory = 0xffff000c;
inline constexpr uint32_t tee_busy = 0xffff000d;
inline constexpr uint32_t tee_security = 0xffff000f;
inline constexpr uint32_t tee_short_buffer = 0xffff0010;
inline constexpr uint32_t tee_target_dead = 0xffff3024;
inline constexpr uint32_t from_tee = 3;
inline constexpr uint32_t from_ta = 4;

/// A parameter as it lies in memory: attributes and three 64-bit words.
struct TeeParam {
  uint64_t attributes = 0;
  uint64_t a = 0;
  uint64_t b = 0;
  uint64_t c = 0;
};
inline TeeParam value_in(uint64_t a, uint64_t b = 0, uint64_t c = 0) { return {1, a, b, c}; }
inline TeeParam value_out() { return {2, 0x1111, 0x2222, 0x3333}; }
inline TeeParam value_inout(uint64_t a, uint64_t b) { return {3, a, b, 0x3333}; }
/// `type` 5 in, 6 out, 7 inout. `offset`: 48 bits; `internal`: in the region's first page.
inline TeeParam memref(uint64_t type, uint64_t handle, uint64_t offset, uint64_t size,
                       uint64_t internal = 0) {
  return {type, (offset & 0xffffffffffff) | internal << 48, size, handle};
}

struct TeeCall {
  uint32_t command = 1;
  uint32_t function = 0;
  uint32_t session = 0;
  std::vector<TeeParam> params{};
  uint32_t count = ~0U;  ///< as it is written; else as many as there are

  [[nodiscard]] std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> out;
    put_le(out, 0, 4, command);
    put_le(out, 4, 4, function);
    put_le(out, 8, 4, session);
    put_le(out, 12, 8, 0x0c0c0c0c0d0d0d0d);
    put_le(out, 20, 4, 0x0badbad0);
    put_le(out, 24, 4, 0x0badbad1);
    put_le(out, 28, 4, count != ~0U ? count : params.size());
    for (const TeeParam& param : params) {
      for (const uint64_t word : {param.attributes, param.a, param.b, param.c}) {
        put_le(out, out.size(), 8, word);
      }
    }
    return out;
  }
};

/// How a request came back: w3, w4, w7.
struct TeeReturn {
  uint32_t code = ~0U;
  uint32_t how = ~0U;
  uint32_t thread = ~0U;
  friend bool operator==(const TeeReturn&, const TeeReturn&) = default;
};
inline void PrintTo(const TeeReturn& r, std::ostream* out) {
  *out << std::hex << "w3 " << r.code << " w4 " << r.how << " w7 " << r.thread;
}
inline TeeReturn failed(uint32_t code) { return {code, 0, 0}; }
inline TeeReturn finished() { return {0, done, 0}; }
inline TeeReturn asks(uint32_t thread) { return {0, rpc, thread}; }
inline TeeReturn preempted(uint32_t thread) { return {0, interrupted, thread}; }

/// A service with one page of each VM for arguments, and requests to it.
struct TeeWorld : World {
  static constexpr uint64_t argument_page = 0x4a000000;  ///< vm1's; vm2's lies 1 MiB behind

  explicit TeeWorld(const optee::Config& config = {}) : World(personality(), sps(config)) {
    boot();
    EXPECT_EQ(vm_message(4, tee_id, vm1).x[3], 0U);
    EXPECT_EQ(vm_message(4, tee_id, vm2).x[3], 0U);
    shm[vm1] = share_pages(vm1, {{argument_page, 1}});
    shm[vm2] = share_pages(vm2, {{argument_page + (1U << 20), 1}});
  }

  std::map<uint16_t, uint64_t> shm;  ///< handles of the argument pages

  static spmc_model::Personality personality() { return *spmc_model::find_personality("op-tee"); }
  static std::vector<spmc_model::SpConfig> sps(const optee::Config& config) {
    auto list = two_sps();
    list.push_back({.id = EndpointId{tee_id},
                    .kind = spmc_model::SpKind::optee,
                    .uuid = optee::service_uuid,
                    .contexts = 4,
                    .properties = spmc_model::default_properties,
                    .service = config});
    return list;
  }

  uint64_t share_pages(uint16_t vm, const std::vector<Descriptor::Range>& ranges) {
    Descriptor descriptor;
    descriptor.sender = vm;
    descriptor.borrowers = {{tee_id}};
    descriptor.ranges = ranges;
    const Regs out = share(descriptor);
    EXPECT_SUCCESS(out);
    return handle_of(out);
  }

  Regs request(uint16_t vm, uint64_t w3, uint64_t w4 = 0, uint64_t w5 = 0, uint64_t w6 = 0,
               uint64_t w7 = 0) {
    const Regs out =
        call({fid32(Fid::msg_send_direct_req), uint64_t{vm} << 16 | tee_id, 0, w3, w4, w5, w6, w7});
    EXPECT_EQ(out.x[0], fid32(Fid::msg_send_direct_resp));
    EXPECT_EQ(out.x[1], uint64_t{tee_id} << 16 | vm);
    return out;
  }
  TeeReturn yielding(uint16_t vm, uint64_t w3, uint64_t w4, uint64_t w5, uint64_t w6, uint64_t w7) {
    const Regs out = request(vm, w3, w4, w5, w6, w7);
    EXPECT_EQ(out.x[5], 0U);
    EXPECT_EQ(out.x[6], 0U);
    return {out.w(3), out.w(4), out.w(7)};
  }
  TeeReturn start(uint16_t vm, uint64_t handle, uint64_t offset) {
    return yielding(vm, 0x80000000, handle & 0xffffffff, handle >> 32, offset, 0);
  }
  TeeReturn resume(uint16_t vm, uint64_t thread) {
    return yielding(vm, 0x80000001, 0, 0, 0, thread);
  }
  uint32_t unregister(uint16_t vm, uint64_t handle) {
    return request(vm, 3, handle & 0xffffffff, handle >> 32).w(3);
  }

  /// Where a VM's argument structure number `n` lies, and what it says.
  static uint64_t at(uint16_t vm, uint64_t offset) {
    return argument_page + (vm == vm2 ? 1U << 20 : 0U) + offset;
  }
  TeeReturn send(uint16_t vm, const TeeCall& tee_call, uint64_t offset = 0) {
    memory.put(at(vm, offset), tee_call.bytes());
    return start(vm, shm[vm], offset);
  }
  uint64_t field(uint16_t vm, uint64_t offset, unsigned bytes) {
    return get_le(memory.get(at(vm, offset), bytes), 0, bytes);
  }
  uint32_t result(uint16_t vm = vm1, uint64_t offset = 0) {
    return static_cast<uint32_t>(field(vm, offset + 20, 4));
  }
  uint32_t origin(uint16_t vm = vm1, uint64_t offset = 0) {
    return static_cast<uint32_t>(field(vm, offset + 24, 4));
  }
  /// Word 0 (attributes) to 3 of parameter `n`.
  uint64_t param(unsigned n, unsigned word, uint16_t vm = vm1, uint64_t offset = 0) {
    return field(vm, offset + 32 + 32 * n + 8 * word, 8);
  }

  static TeeCall opening(const ffa::Uuid& uuid, const std::vector<TeeParam>& more = {}) {
    TeeCall tee_call{.command = 0,
                     .params = {{0x101, uuid.dword(0), uuid.dword(1), 0}, {0x101, 0, 0, 0}}};
    tee_call.params.insert(tee_call.params.end(), more.begin(), more.end());
    return tee_call;
  }
  /// A session that is opened without complaint.
  uint32_t open(uint16_t vm, const ffa::Uuid& uuid, uint64_t offset = 0) {
    EXPECT_EQ(send(vm, opening(uuid), offset), finished());
    EXPECT_EQ(result(vm, offset), 0U);
    return static_cast<uint32_t>(field(vm, offset + 8, 4));
  }
  template <class Command>
  TeeReturn invoke(uint16_t vm, uint32_t session, Command command,
                   const std::vector<TeeParam>& params, uint64_t offset = 0) {
    return send(vm,
                {.command = 1,
                 .function = static_cast<uint32_t>(command),
                 .session = session,
                 .params = params},
                offset);
  }
  TeeReturn close(uint16_t vm, uint32_t session, uint64_t offset = 0) {
    return send(vm, {.command = 2, .session = session}, offset);
  }

  /// The RPC argument behind a structure of `params` parameters: header words and one parameter.
  struct Rpc {
    uint64_t at;
    uint32_t command;
    uint32_t result;
    uint32_t count;
    TeeParam param;
  };
  Rpc rpc_of(uint16_t vm, unsigned params, uint64_t offset = 0) {
    const uint64_t from = offset + 32 + 32 * uint64_t{params};
    const auto word = [&](unsigned n) { return field(vm, from + 32 + 8 * n, 8); };
    return {from,
            static_cast<uint32_t>(field(vm, from, 4)),
            static_cast<uint32_t>(field(vm, from + 20, 4)),
            static_cast<uint32_t>(field(vm, from + 28, 4)),
            {word(0), word(1), word(2), word(3)}};
  }
  void answer_rpc(uint16_t vm, const Rpc& asked, uint32_t code, const TeeParam& param = {}) {
    std::vector<uint8_t> bytes;
    put_le(bytes, 0, 4, code);
    memory.put(at(vm, asked.at + 20), bytes);
    std::vector<uint8_t> words;
    for (const uint64_t word : {param.attributes, param.a, param.b, param.c}) {
      put_le(words, words.size(), 8, word);
    }
    memory.put(at(vm, asked.at + 32), words);
  }
};

}  // namespace spmc_test
