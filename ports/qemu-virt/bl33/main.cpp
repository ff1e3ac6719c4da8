// SPDX-License-Identifier: BSD-3-Clause
// EL2 as a BL33 payload of any firmware: runs the cases of a bundle, each in a fresh world, and
// says on the UART how each went. docs/firmware.md has the lines.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "ffa/fid.hpp"
#include "guest/bundle.hpp"
#include "ports/aarch64/smc.hpp"
#include "ports/qemu-virt/bl33/board.hpp"
#include "ports/qemu-virt/bl33/console.hpp"
#include "ports/qemu-virt/bl33/record_hash.hpp"
#include "ports/qemu-virt/common/console.hpp"
#include "ports/qemu-virt/el2/begin_world.hpp"
#include "ports/qemu-virt/el2/case.hpp"
#include "ports/qemu-virt/el2/places.hpp"
#include "ports/qemu-virt/el2/registers.hpp"

extern "C" [[noreturn]] void image_main(uint64_t x0);

namespace {

using namespace ports::qemu;

enum class Verdict : uint8_t { passed, differs, ended, failed };
constexpr std::array<const char*, 4> verdict_names = {"passed", "differs", "ended", "failed"};

struct Tally {
  std::array<uint64_t, verdict_names.size()> cases{};
  uint64_t total = 0;
  std::string_view running{};  ///< the case that a crash is the fault of
};
Tally tally;

void print_summary() {
  uint64_t left = tally.total;
  for (size_t n = 0; n < verdict_names.size(); ++n) {
    print_decimal(tally.cases[n]);
    print(" ");
    print(verdict_names[n]);
    print(", ");
    left -= tally.cases[n];
  }
  print_decimal(left);
  print(" not run\n");
}

/// Begins the line of a case.
void print_verdict(Verdict verdict, std::string_view name) {
  ++tally.cases[static_cast<size_t>(verdict)];
  print(verdict_names[static_cast<size_t>(verdict)]);
  for (size_t n = std::strlen(verdict_names[static_cast<size_t>(verdict)]); n < 8; ++n) print(" ");
  print(name);
  print(" ");
}

/// The machine ends early: the case under way has failed.
void say_status(uint32_t status) {
  if (tally.running.empty()) return;
  print_verdict(Verdict::failed, tally.running);
  print("the machine ends with status ");
  print_decimal(status);
  print("\n");
  print_summary();
}

void print_record(std::string_view name, std::span<const std::byte> record) {
  print("record  ");
  print(name);
  print(" ");
  print_decimal(record.size());
  print("\n");
  print_base64(record);
}

/// A secure world that does not begin anew for the next case is left as it was found.
void run_one(const guest::BundledCase& one, const guest::Bundle& bundle, bool first) {
  const std::span<std::byte> package{reinterpret_cast<std::byte*>(places.package.base),
                                     one.package.size()};
  std::copy(one.package.begin(), one.package.end(), package.begin());
  tally.running = one.name;
  const bool begun =
      (first || !bundle.one_secure_world()) && begin_secure_world(package) == Begun::as_asked;
  const auto record = run_case(package);
  if (record.ok() && (!begun || bundle.one_secure_world())) leave_world();
  tally.running = {};
  if (!record.ok()) {
    print_verdict(Verdict::failed, one.name);
    print("its package is not well-formed\n");
    return;
  }
  if (bundle.wants_records()) print_record(one.name, *record);
  const RecordDigest digest = digest_of(*record);
  const std::array<uint64_t, 2> unknown{};
  if (!digest.violation.empty()) {
    print_verdict(Verdict::failed, one.name);
    print({reinterpret_cast<const char*>(digest.violation.data()), digest.violation.size()});
  } else {
    const bool same = digest.hash == one.hash;
    print_verdict(one.hash == unknown ? Verdict::ended
                  : same              ? Verdict::passed
                                      : Verdict::differs,
                  one.name);
    print_hash(digest.hash);
  }
  print("\n");
}

/// Whose secure world it is, for people.
void print_secure_world() {
  if (begin_secure_world({}) != Begun::unknown) {
    print("secure world: ffa-sim's, fresh for each case\n");
    return;
  }
  uint64_t version[18] = {static_cast<uint64_t>(ffa::Fid::version), ffa::v1_2.raw()};
  port_smc(version, 0);
  print("secure world: another's; FFA_VERSION(1.2) is ");
  print_hex(static_cast<uint32_t>(version[0]));
  print("\n");
}

}  // namespace

void image_main(uint64_t x0) {
  const FoundBoard found = find_board(x0);
  prepare_el2();
  print("ffa-sim, BL33\n");
  print_board(found);
  const auto bytes = settle(found);
  auto bundle = guest::Bundle::open(bytes);
  print_secure_world();
  tally.total = bundle->size();
  set_last_words(say_status);
  for (uint64_t n = 0; n < tally.total; ++n) {
    run_one(*bundle->next(), *bundle, n == 0);
  }
  set_last_words(nullptr);
  print_summary();
  exit_machine(exit_done);
}
