// SPDX-License-Identifier: BSD-3-Clause
// A guest at EL1 for tests: does what its first boot register says, prints on a PL011 at
// 0x09000000, and turns the machine off.
#include <cstddef>
#include <cstdint>

#include "ffa/fid.hpp"
#include "ffa/regs.hpp"
#include "ffa/types.hpp"
#include "ports/endpoint/calls.hpp"

extern "C" void endpoint_second_start();

namespace {

using ffa::Fid;
using ffa::fid32;
using ffa::fid64;
using ports::endpoint::smc;

constexpr uint32_t psci_cpu_off = 0x84000002;
constexpr uint32_t psci_cpu_on = 0xc4000003;
constexpr uint32_t psci_system_off = 0x84000008;

/// What it can do, by x0.
enum class Mode : uint64_t {
  hello,         ///< FFA_VERSION, FFA_ID_GET
  manifest,      ///< prints the first word of what x1 points to
  flat_stage1,   ///< turns stage 1 on, every address itself
  bent_stage1,   ///< the same, one address another
  spins,         ///< never ends
  lends,         ///< lends a page to x1, and touches it
  two_vcpus,     ///< turns another vCPU on, and waits for what that writes
  breaks,        ///< reads where nothing is, without vectors
  reports,       ///< prints what exceptions it gets
  bends_awhile,  ///< turns flat stage 1 on, then another address, and back, with a TLBI between
  bends_unsaid,  ///< the same of an entry that was invalid and needs no TLBI, and not back
};

void print(const char* text) {
  auto* const uart = reinterpret_cast<volatile uint32_t*>(0x09000000);
  for (; *text != '\0'; ++text) *uart = static_cast<unsigned char>(*text);
}

void print_number(uint64_t value) {
  char text[19] = "0x0000000000000000";
  for (unsigned n = 0; n < 16; ++n) text[17 - n] = "0123456789abcdef"[value >> (4 * n) & 15];
  print(text);
}

void hvc(ffa::Regs& regs) {
  register uint64_t x0 asm("x0") = regs.x[0];
  register uint64_t x1 asm("x1") = regs.x[1];
  register uint64_t x2 asm("x2") = regs.x[2];
  register uint64_t x3 asm("x3") = regs.x[3];
  asm volatile("hvc #0"
               : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
               :
               : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                 "x16", "x17", "memory");
  regs.x[0] = x0;
  regs.x[1] = x1;
  regs.x[2] = x2;
}

void hello() {
  print("version ");
  print_number(smc(fid32(Fid::version), 0x10001).x[0]);
  ffa::Regs id;
  id.x[0] = fid32(Fid::id_get);
  hvc(id);
  print(", id ");
  print_number(id.x[2]);
  print("\n");
}

// ---- stage 1: blocks of 1 GiB

alignas(4096) uint64_t table[512];

constexpr uint64_t block = 1 | 1 << 10 | 1 << 2;  // valid, accessed, attributes 1

void turn_on_stage1(bool bent) {
  for (uint64_t n = 0; n < 4; ++n) table[n] = n << 30 | block;
  if (bent) table[3] = uint64_t{2} << 30 | block;
  const uint64_t tcr = 25 | uint64_t{1} << 23 | uint64_t{1} << 32;  // 39 bits, no upper half
  uint64_t sctlr = 0;
  asm volatile("msr mair_el1, %0; msr tcr_el1, %1; msr ttbr0_el1, %2; isb" ::"r"(0xff00UL),
               "r"(tcr), "r"(table));
  asm volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
  asm volatile("msr sctlr_el1, %0; isb" ::"r"(sctlr | 1));
  asm volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
  print((sctlr & 1) != 0 ? "stage 1 is on\n" : "stage 1 is off\n");
}

void map(unsigned entry, uint64_t gibibyte) {
  *static_cast<volatile uint64_t*>(&table[entry]) = gibibyte << 30 | block;
  asm volatile("dsb ishst" ::: "memory");
}

// ---- memory

constexpr uint64_t buffers = 0x40200000;  // TX, RX, and the page that is lent
constexpr uint64_t lent_page = 0x40210000;

void put(uint64_t at, uint64_t value) { *reinterpret_cast<volatile uint64_t*>(at) = value; }
void put32(uint64_t at, uint32_t value) { *reinterpret_cast<volatile uint32_t*>(at) = value; }

/// FFA_MEM_LEND of one page, in the layout of 1.1.
void lend(uint64_t receiver) {
  (void)smc(fid32(Fid::version), 0x10001);
  const uint64_t own = smc(fid32(Fid::id_get)).x[2];
  (void)smc(fid64(Fid::rxtx_map), buffers, buffers + 4096, 1);
  for (uint64_t n = 0; n < 96; n += 8) put(buffers + n, 0);
  put32(buffers, static_cast<uint32_t>(own));  // attributes are the borrower's business in a loan
  put32(buffers + 24, 16);  // size of an access descriptor, their number, where they are
  put32(buffers + 28, 1);
  put32(buffers + 32, 48);
  put32(buffers + 48, static_cast<uint32_t>(receiver | 2U << 16));
  put32(buffers + 52, 64);
  put32(buffers + 64, 1);  // pages, ranges
  put32(buffers + 68, 1);
  put(buffers + 80, lent_page);
  put32(buffers + 88, 1);
  put(lent_page, 0x1234);
  const ffa::Regs sent = smc(fid32(Fid::mem_lend), 96, 96);
  print(sent.x[0] == fid32(Fid::success) ? "lent\n" : "not lent\n");
  put(lent_page + 8, 0x5678);
  print("and back: ");
  print_number(smc(fid32(Fid::mem_reclaim), sent.x[2], sent.x[3]).x[0]);
  put(lent_page + 16, 0x9abc);
  print(" word ");
  print_number(*reinterpret_cast<volatile uint64_t*>(lent_page));
  print("\n");
}

// ---- two vCPUs

alignas(16) unsigned char second_stack[4096];
volatile uint64_t said;

void run_two() {
  (void)smc(psci_cpu_on, 1, reinterpret_cast<uint64_t>(&endpoint_second_start),
            reinterpret_cast<uint64_t>(second_stack + sizeof second_stack));
  while (said == 0) {
  }
  print("the other one is ");
  print_number(said);
  print("\n");
}

}  // namespace

extern "C" {
void endpoint_second_main() {
  uint64_t mpidr = 0;
  asm volatile("mrs %0, mpidr_el1" : "=r"(mpidr));
  said = (mpidr & 0xff) + 0x100;
  (void)smc(psci_cpu_off);
}

/// An access that failed is left out.
uint64_t endpoint_exception(uint64_t syndrome, uint64_t address, uint64_t from) {
  const uint64_t exception_class = syndrome >> 26;
  print("exception ");
  print_number(exception_class);
  if (exception_class == 0x25) {
    print((syndrome & 0x40) != 0 ? " write at " : " read at ");
    print_number(address);
  }
  print("\n");
  const bool behind_already = exception_class == 0x15;
  return behind_already ? from : from + 4;
}

void endpoint_main(uint64_t mode, uint64_t argument) {
  switch (static_cast<Mode>(mode)) {
    case Mode::hello:
      hello();
      break;
    case Mode::manifest:
      print("manifest ");
      print_number(*reinterpret_cast<const uint32_t*>(argument));
      print("\n");
      break;
    case Mode::flat_stage1:
    case Mode::bent_stage1:
      turn_on_stage1(static_cast<Mode>(mode) == Mode::bent_stage1);
      hello();
      break;
    case Mode::spins:
      print("spinning\n");
      while (true) asm volatile("nop");
    case Mode::lends:
      lend(argument);
      break;
    case Mode::two_vcpus:
      run_two();
      break;
    case Mode::breaks:
      asm volatile("msr vbar_el1, xzr; isb");
      (void)*reinterpret_cast<volatile uint64_t*>(0x70000000);
      break;
    case Mode::reports:
      (void)*reinterpret_cast<volatile uint64_t*>(0x70000000);
      asm volatile("svc #7");
      asm volatile("brk #7");
      asm volatile("udf #0");
      break;
    case Mode::bends_awhile:
      turn_on_stage1(false);
      map(3, 2);
      asm volatile("tlbi vmalle1; dsb ish; isb");
      map(3, 3);
      break;
    case Mode::bends_unsaid:
      turn_on_stage1(false);
      map(4, 2);
      break;
  }
  (void)smc(psci_system_off);
}
}
