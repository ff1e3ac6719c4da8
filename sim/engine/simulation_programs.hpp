// SPDX-License-Identifier: BSD-3-Clause
// SPs that are programs from outside, for the SPMC model: their boards and memories. Used by the
// model's SecureWorld. docs/endpoint-images.md
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sim/engine/simulation.hpp"
#include "spmc-model/spmc.hpp"

namespace sim {

class SpImages final : public spmc_model::SpPrograms {
 public:
  struct Events {
    std::function<void(const std::string& sp, char c)> print;
    std::function<void(const std::string& text)> report;  ///< an SP can't go on
  };
  /// Reads the images. Throws InputError, MissingTool.
  SpImages(const WorldSpec& spec, Machine& machine, Events events);
  ~SpImages();

  [[nodiscard]] bool empty() const { return sps_.empty(); }
  /// What the SPs may get at is asked there from now on, and they are no longer starting.
  void set_model(const spmc_model::Spmc& model);
  void end_boot();

  ffa::Regs run(ffa::EndpointId sp, const ffa::Regs* in) override;
  bool read(ffa::EndpointId sp, uint64_t from, std::span<std::byte> to) override;
  bool write(ffa::EndpointId sp, uint64_t to, std::span<const std::byte> from) override;
  void print(ffa::EndpointId sp, char c) override;

 private:
  struct Sp;
  Sp& sp_of(ffa::EndpointId sp);

  Machine& machine_;
  Events events_;
  bool booting_ = true;
  std::map<uint16_t, std::unique_ptr<Sp>> sps_;
};

}  // namespace sim
