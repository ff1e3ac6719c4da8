// SPDX-License-Identifier: BSD-3-Clause
// In place of the emulator where the libraries that it needs were not there when this tree was
// configured.
#include <algorithm>

#include "sim/endpoint/cpu.hpp"
#include "sim/endpoint/image.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::endpoint {
namespace {
constexpr const char* remedy =
    "this program was built without it; install libunicorn-dev and libelf-dev, then configure and "
    "build again";

[[noreturn]] void missing() { throw MissingTool("Unicorn", remedy); }
}  // namespace

std::string why_not(const WorldSpec& world) {
  const auto has = [](const auto& endpoint) { return endpoint.image.has_value(); };
  const bool any = std::any_of(world.vms.begin(), world.vms.end(), has) ||
                   std::any_of(world.sps.begin(), world.sps.end(), has);
  return any ? std::string("Unicorn: ") + remedy : std::string{};
}
void check_images(const WorldSpec& /*world*/) {}

Image::Image(const ImageSpec& /*spec*/) { missing(); }

struct Cpu::Hooks {};
void Cpu::CloseEngine::operator()(uc_struct* /*engine*/) const {}
Cpu::Cpu(AddressSpace& memory, Board /*board*/) : memory_(memory) { missing(); }
Cpu::~Cpu() = default;
void Cpu::reset(uint64_t /*entry*/, const std::array<uint64_t, 31>& /*registers*/,
                uint64_t /*stack_pointer*/) {}
Stop Cpu::run(uint64_t /*instructions*/) { return Stop::fault; }
ffa::Regs Cpu::call_registers() const { return {}; }
void Cpu::set_call_registers(const ffa::Regs& /*regs*/) {}

}  // namespace sim::endpoint
