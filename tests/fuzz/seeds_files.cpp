// SPDX-License-Identifier: BSD-3-Clause
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/fuzz/seeds.hpp"

namespace fuzz {

namespace {

constexpr size_t longest = 4096;  // what is longer costs more than it adds

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Use>
void each_file(const std::string& folder, const std::string& extension, Use use) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == extension) use(text_of(entry.path()));
  }
}

}  // namespace

void add_scenarios(const std::string& folder, Seeds& seeds) {
  each_file(folder, ".json", [&seeds](const std::string& text) {
    if (text.size() <= longest) seeds["scenario"].insert(Bytes(text.begin(), text.end()));
  });
}

void add_traces(const std::string& folder, Seeds& seeds) {
  each_file(folder, ".jsonl", [&seeds](const std::string& text) {
    const size_t end = text.rfind('\n', longest);
    if (end == std::string::npos) return;
    seeds["trace"].insert(Bytes(text.begin(), text.begin() + static_cast<long>(end + 1)));
  });
}

void add_logs(const std::string& folder, Seeds& seeds) {
  constexpr uint8_t guessed = 0xff;
  for (const char* const extension : {".log", ".txt"}) {
    each_file(folder, extension, [&seeds](const std::string& text) {
      for (size_t at = 0; at < text.size(); at += 4 * longest) {
        Bytes seed{guessed};
        const std::string piece = text.substr(at, longest);
        seed.insert(seed.end(), piece.begin(), piece.end());
        seeds["log"].insert(seed);
      }
    });
  }
}

void add_fragments(Seeds& seeds) {
  for (uint8_t world = 0; world < 4; ++world) {
    for (const uint8_t how : std::initializer_list<uint8_t>{0x00, 0x04, 0x0c, 0x10, 0x20, 0x40}) {
      const auto first = static_cast<uint8_t>(world | how);
      // A few ranges, and more than fit a page; in pieces of some ranges.
      seeds["fragment"].insert({first, 0, 5, 0, 1, 0, 2, 3, 0, 1, 1, 4});
      seeds["fragment"].insert({first, 5, 0x2b, 1, 0, 0, 0, 0, 40, 100, 200, 250});
      seeds["fragment"].insert({first, 1, 9, 0, 3, 1, 4, 0, 7, 0, 2, 6, 0, 2, 2, 2});
    }
  }
}

void add_spmc_calls(Seeds& seeds) {
  // Sent whole and in fragments, retrieved, relinquished, reclaimed; notifications; a VM goes.
  const Bytes share{0x01, 0x00, 0x00, 0x02, 0x01, 0x03, 0x01, 0x05, 0x02};
  const Bytes cut{0x01, 0x04, 0x01, 0x02, 0x01, 0x03, 0x01, 0x05, 0x02, 0x03, 0x10, 0x03, 0x10};
  const Bytes use{0x04, 0x11, 0x00, 0x00, 0x00, 0x00, 0x04, 0x12, 0x00, 0x00, 0x00, 0x00};
  const Bytes end{0x05, 0x00, 0x0a, 0x00, 0x00, 0x02, 0x06, 0x01, 0x00, 0x00};
  for (uint8_t how = 0; how < 12; ++how) {
    for (const Bytes& send : {share, cut}) {
      Bytes seed{how};
      for (const Bytes& part : {send, use, end}) seed.insert(seed.end(), part.begin(), part.end());
      seeds["spmc"].insert(seed);
    }
  }
}

void add_calls(Seeds& seeds) {
  // A share of vm1 with the memory_user, whole (how 0x00) and cut (0x01), retrieved, given back and
  // reclaimed; a loan to vm2, retrieved and relinquished; each in every world, in order and not.
  const Bytes share{0x01, 0x00, 0x02, 0x01, 0x03, 0x01, 0x05, 0x02};
  const Bytes ask{0x08, 0x00, 0x01, 0x00, 0x08, 0x04, 0x01, 0x00, 0x04, 0x00};
  const Bytes lend{0x01, 0x01, 0x08, 0x00, 0x07, 0x01};
  const Bytes borrow{0x46, 0x00, 0x47, 0x00, 0x04, 0x00};
  const Bytes end{0x0e, 0x80, 0x80};
  for (const uint8_t world : std::initializer_list<uint8_t>{0, 1, 2, 3, 0x80, 0x81, 0x82, 0x83}) {
    for (const uint8_t cut : std::initializer_list<uint8_t>{0x00, 0x01, 0x0a}) {
      for (const bool ordered : {true, false}) {
        Bytes seed{world, static_cast<uint8_t>(ordered ? 8 : 2),
                   static_cast<uint8_t>(ordered ? 0 : 8)};
        const auto add = [&seed](const Bytes& bytes) {
          seed.insert(seed.end(), bytes.begin(), bytes.end());
        };
        add(share);
        seed.push_back(cut);
        add(ask);
        add(lend);
        seed.push_back(cut);
        add(borrow);
        add(end);
        for (uint8_t n = 0; n < 24; ++n) seed.push_back(n % 5 == 3 ? 1 : 0);
        seeds["calls"].insert(seed);
      }
    }
    for (uint8_t function = 0x60; function <= 0x90; ++function) {
      seeds["single_call"].insert({world, function, 0, 0, 0x01, 0x8a, 0x01, 0x21});
      seeds["single_call"].insert({world, function, 0x80, 0, 0x02, 0x8a, 0x01, 0x21});
    }
  }
}

}  // namespace fuzz
