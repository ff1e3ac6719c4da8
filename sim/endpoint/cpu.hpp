// SPDX-License-Identifier: BSD-3-Clause
// One emulated processor at EL1 that runs a program from outside: until its next SMC or HVC, or for
// so many instructions. What lies behind its addresses is somebody else's. See
// docs/endpoint-images.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ffa/regs.hpp"

struct uc_struct;

namespace sim::endpoint {

/// What lies behind the program's addresses, page by page.
class AddressSpace {
 public:
  struct Page {
    std::byte* bytes;  ///< 4 KiB, which stay there as long as changes() stays what it is
    bool writable;
  };
  virtual ~AddressSpace() = default;
  /// The page at an address, a multiple of 4 KiB; nothing: an access there is an abort.
  virtual std::optional<Page> page(uint64_t address) = 0;
  /// How often what page() says may have changed.
  virtual uint64_t changes() const = 0;
  /// The program ran: it may have written into these, by address.
  virtual void wrote(const std::vector<uint64_t>& pages) = 0;
};

/// Why the processor stopped. `spent`: it ran for as many instructions as it was to.
enum class Stop : uint8_t { hvc, smc, spent, fault };

class Cpu {
 public:
  struct Board {
    std::optional<uint64_t> uart;  ///< of a PL011's registers, one page
    uint16_t number = 0;           ///< of this processor, as MPIDR_EL1 has it
    std::function<void(char)> print;
  };
  /// `memory` must outlive it. Throws MissingTool where this build has no emulator.
  Cpu(AddressSpace& memory, Board board);
  ~Cpu();
  Cpu(const Cpu&) = delete;
  Cpu& operator=(const Cpu&) = delete;

  /// It stands at `entry`, MMU off, interrupts masked, all other registers 0.
  void reset(uint64_t entry, const std::array<uint64_t, 31>& registers, uint64_t stack_pointer = 0);
  /// Runs on. An exception that it takes to EL1 is its own affair; one that it can't take is a
  /// fault.
  Stop run(uint64_t instructions);
  /// The number in the HVC or SMC that it stopped at, and which of both it was.
  [[nodiscard]] uint16_t immediate() const { return immediate_; }
  [[nodiscard]] bool stopped_at_hvc() const { return at_hvc_; }
  [[nodiscard]] ffa::Regs call_registers() const;
  void set_call_registers(const ffa::Regs& regs);
  /// Since reset().
  [[nodiscard]] uint64_t instructions() const { return instructions_; }
  /// Of Stop::fault, for people.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  /// It has turned stage 1 on, and runs with the same addresses without: those too that its tables
  /// leave out.
  [[nodiscard]] bool drops_stage1() const { return wants_stage1_; }

 private:
  struct Hooks;
  struct CloseEngine {
    void operator()(uc_struct* engine) const;
  };
  struct Abort {
    uint64_t address;
    bool write;
    bool fetch;
  };
  void enter_el1();
  void add_hooks();
  void drop_pages();
  bool map_page(uint64_t address);
  void print(char c) const;
  bool write_system_register(uint32_t number, uint64_t value);
  void check_stage1();
  bool take_exception();
  bool enter_vector(uint32_t syndrome, std::optional<uint64_t> address);
  [[nodiscard]] std::optional<uint64_t> own_value(uint32_t number) const;
  void refuse(const std::string& why);
  [[nodiscard]] uint64_t read(int reg) const;
  void write(int reg, uint64_t value);
  [[nodiscard]] uint64_t system_register(uint32_t number) const;
  void set_system_register(uint32_t number, uint64_t value);
  [[nodiscard]] uint32_t instruction_at(uint64_t pc) const;

  AddressSpace& memory_;
  Board board_;
  std::unique_ptr<uc_struct, CloseEngine> engine_;
  std::map<uint64_t, bool> pages_;  // that are mapped: whether writable
  std::vector<uint64_t> writable_;
  uint64_t seen_changes_ = 0;
  uint64_t pc_ = 0;
  uint64_t instructions_ = 0;
  uint64_t end_ = 0;           // so many instructions, and others may go on
  uint64_t vector_entry_ = 0;  // an abort there is one of the vectors themselves
  uint16_t immediate_ = 0;
  bool at_hvc_ = false;
  bool wants_stage1_ = false;
  std::string fault_;
  // Written by the hooks while it runs.
  std::optional<uint32_t> exception_;
  std::optional<Abort> abort_;
  bool refused_ = false;
};

}  // namespace sim::endpoint
