// SPDX-License-Identifier: BSD-3-Clause
// What a BL33 payload is loaded with, and what it leaves: a bundle of packages behind its image,
// and the log of its UART (docs/firmware.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sim::qemu {

struct BundleEntry {
  std::string name;
  std::string hash;  ///< the trace hash that is right, 32 hexadecimal digits; empty: not known
  std::vector<std::byte> package;
};

struct BundleOptions {
  bool records = false;           ///< the payload prints the record of each case, too
  bool one_secure_world = false;  ///< our S-EL1 begins anew for the first case only, as another's
};

/// guest::Bundle reads it.
std::vector<std::byte> make_bundle(std::span<const BundleEntry> entries, BundleOptions options);

/// The image, filled up to whole pages, and the bundle behind it.
std::vector<std::byte> make_payload(std::span<const std::byte> image,
                                    std::span<const std::byte> bundle);

/// A case as the log tells of it.
struct LoggedCase {
  std::string verdict;  ///< passed, differs, ended, failed
  std::string name;
  std::string text;               ///< the trace hash; of one that failed, why
  std::vector<std::byte> record;  ///< empty: none was printed
};

/// Lines of others, as of the firmware, are left out; a case that a crash has ended is among the
/// failed ones. Throws InputError(file:line, reason) for a record that is cut off or garbled.
std::vector<LoggedCase> read_uart_log(std::string_view text, const std::string& file);

}  // namespace sim::qemu
