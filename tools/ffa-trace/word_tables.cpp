// SPDX-License-Identifier: BSD-3-Clause
// [DEN0077A 1.2 chapters 12-17, DEN0140 §2]
#include "tools/ffa-trace/word_tables.hpp"

namespace ffa_trace {
namespace {

constexpr Bit partition_info_flags[] = {{0, "count only"}};
constexpr Bit msg_wait_flags[] = {{0, "keep RX"}};
constexpr Bit msg_send_flags[] = {{0, "notify when free"}};
constexpr Bit send2_flags[] = {{1, "delay the SRI"}};
constexpr Bit reclaim_flags[] = {{0, "zero"}, {1, "time-slice"}};
constexpr Bit bind_flags[] = {{0, "per vCPU"}};
constexpr Bit set_flags[] = {{0, "per vCPU"}, {1, "delay the SRI"}};
constexpr Bit get_flags[] = {
    {0, "from SPs"}, {1, "from VMs"}, {2, "SPM framework"}, {3, "hypervisor framework"}};
constexpr Bit framework_notifications[] = {{0, "RX buffer full"}};
constexpr Bit memory_features[] = {
    {0, "dynamic buffers"}, {1, "NS bit"}, {2, "retrieve by the hypervisor"}};
constexpr Bit properties[] = {{0, "receives direct requests"},
                              {1, "sends direct requests"},
                              {2, "indirect messages"},
                              {3, "receives notifications"},
                              {6, "told of created VMs"},
                              {7, "told of destroyed VMs"},
                              {8, "AArch64"},
                              {9, "receives direct requests 2"},
                              {10, "sends direct requests 2"}};

constexpr Field error_args[] = {{1, Kind::hex_if_set, "target"}, {2, Kind::status, ""}};
constexpr Field interrupt_args[] = {{1, Kind::endpoint_vcpu, ""},
                                    {2, Kind::decimal_if_set, "interrupt"}};
constexpr Field version_args[] = {{1, Kind::version, ""}};
constexpr Field features_args[] = {{1, Kind::query, ""}, {2, Kind::hex_if_set, "input"}};
constexpr Field vm_if_set_args[] = {{1, Kind::endpoint_if_set, "VM"}};
constexpr Field vm_args[] = {{1, Kind::endpoint, "VM"}};
constexpr Field high_vm_args[] = {{1, Kind::high_endpoint_if_set, "VM"}};
constexpr Field rxtx_map_args[] = {
    {1, Kind::address, "TX"}, {2, Kind::address, "RX"}, {3, Kind::decimal, "pages"}};
constexpr Field partition_info_args[] = {{1, Kind::uuid_words, "UUID"},
                                         {5, Kind::hex_if_set, "flags", partition_info_flags}};
constexpr Field msg_wait_args[] = {{2, Kind::hex_if_set, "flags", msg_wait_flags}};
constexpr Field yield_args[] = {{1, Kind::endpoint_vcpu, ""}, {2, Kind::bitmap_if_set, "timeout"}};
constexpr Field run_args[] = {{1, Kind::endpoint_vcpu, ""}};
constexpr Field msg_send_args[] = {{1, Kind::sender_receiver, ""},
                                   {3, Kind::bytes, "message"},
                                   {4, Kind::hex_if_set, "flags", msg_send_flags}};
constexpr Field direct_args[] = {{1, Kind::sender_receiver, ""}};
constexpr Field direct2_args[] = {{1, Kind::sender_receiver, ""}, {2, Kind::uuid_dwords, "UUID"}};
constexpr Field mem_send_args[] = {{1, Kind::bytes, "total"},
                                   {2, Kind::bytes, "fragment"},
                                   {3, Kind::address_if_set, "buffer"},
                                   {4, Kind::decimal_if_set, "buffer pages"}};
constexpr Field retrieve_resp_args[] = {{1, Kind::bytes, "total"}, {2, Kind::bytes, "fragment"}};
constexpr Field reclaim_args[] = {{1, Kind::handle, "handle"},
                                  {3, Kind::hex_if_set, "flags", reclaim_flags}};
constexpr Field handle_args[] = {{1, Kind::handle, "handle"}};
constexpr Field frag_rx_args[] = {{1, Kind::handle, "handle"},
                                  {3, Kind::decimal, "offset"},
                                  {4, Kind::high_endpoint_if_set, "for"}};
constexpr Field frag_tx_args[] = {{1, Kind::handle, "handle"},
                                  {3, Kind::bytes, "fragment"},
                                  {4, Kind::high_endpoint_if_set, "from"}};
constexpr Field bitmap_create_args[] = {{1, Kind::endpoint, "VM"}, {2, Kind::decimal, "vCPUs"}};
constexpr Field bind_args[] = {{1, Kind::sender_receiver, ""},
                               {2, Kind::hex_if_set, "flags", bind_flags},
                               {3, Kind::bitmap, "notifications"}};
constexpr Field set_args[] = {{1, Kind::sender_receiver, ""},
                              {2, Kind::hex_if_set, "flags", set_flags},
                              {3, Kind::bitmap, "notifications"}};
constexpr Field notification_get_args[] = {{1, Kind::vcpu_endpoint, ""},
                                           {2, Kind::hex, "flags", get_flags}};
constexpr Field send2_args[] = {{1, Kind::high_endpoint_if_set, "from"},
                                {2, Kind::hex_if_set, "flags", send2_flags}};
constexpr Field entry_point_args[] = {{1, Kind::address, "entry point"}};
constexpr Field perm_get_args[] = {{1, Kind::address, ""}, {2, Kind::decimal_if_set, "pages"}};
constexpr Field perm_set_args[] = {
    {1, Kind::address, ""}, {2, Kind::decimal, "pages"}, {3, Kind::hex, "permissions"}};
constexpr Field console_args[] = {{1, Kind::decimal, "characters"}, {2, Kind::characters, ""}};
constexpr Field info_regs_args[] = {{1, Kind::uuid_dwords, "UUID"}, {3, Kind::start_index_tag, ""}};

constexpr Layout calls[] = {
    {0x60, error_args},
    {0x62, interrupt_args},
    {0x63, version_args},
    {0x64, features_args},
    {0x65, vm_if_set_args},
    {0x66, rxtx_map_args},
    {0x67, high_vm_args},
    {0x68, partition_info_args},
    {0x6b, msg_wait_args},
    {0x6c, yield_args},
    {0x6d, run_args},
    {0x6e, msg_send_args},
    {0x6f, direct_args},
    {0x70, direct_args},
    {0x71, mem_send_args},
    {0x72, mem_send_args},
    {0x73, mem_send_args},
    {0x74, mem_send_args},
    {0x75, retrieve_resp_args},
    {0x77, reclaim_args},
    {0x78, handle_args},
    {0x79, handle_args},
    {0x7a, frag_rx_args},
    {0x7b, frag_tx_args},
    {0x7d, bitmap_create_args},
    {0x7e, vm_args},
    {0x7f, bind_args},
    {0x80, bind_args},
    {0x81, set_args},
    {0x82, notification_get_args},
    {0x84, vm_args},
    {0x86, send2_args},
    {0x87, entry_point_args},
    {0x88, perm_get_args},
    {0x89, perm_set_args},
    {0x8a, console_args},
    {0x8b, info_regs_args},
    {0x8d, direct2_args},
    {0x8e, direct2_args},
};

constexpr Field features_results[] = {{2, Kind::hex_if_set, "properties", memory_features},
                                      {3, Kind::hex_if_set, "and"}};
constexpr Field id_results[] = {{2, Kind::endpoint, "id"}};
constexpr Field partition_info_results[] = {{2, Kind::decimal, "partitions"},
                                            {3, Kind::decimal_if_set, "entry bytes"}};
constexpr Field mem_send_results[] = {{2, Kind::handle, "handle"}};
constexpr Field notification_get_results[] = {
    {2, Kind::bitmap, "from SPs"},
    {4, Kind::bitmap_if_set, "from VMs"},
    {6, Kind::hex_if_set, "SPM framework", framework_notifications},
    {7, Kind::hex_if_set, "hypervisor framework", framework_notifications}};
constexpr Field perm_get_results[] = {{2, Kind::hex, "permissions"}};

constexpr Layout successes[] = {
    {0x64, features_results}, {0x68, partition_info_results},   {0x69, id_results},
    {0x71, mem_send_results}, {0x72, mem_send_results},         {0x73, mem_send_results},
    {0x7b, mem_send_results}, {0x82, notification_get_results}, {0x85, id_results},
    {0x88, perm_get_results},
};

std::span<const Field> find(std::span<const Layout> layouts, uint32_t number) {
  for (const Layout& layout : layouts) {
    if (layout.number == number) return layout.fields;
  }
  return {};
}

}  // namespace

std::span<const Field> call_fields(uint32_t number) { return find(calls, number); }
std::span<const Bit> property_bits() { return properties; }
std::span<const Field> success_fields(uint32_t number) { return find(successes, number); }

}  // namespace ffa_trace
