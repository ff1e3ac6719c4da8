// SPDX-License-Identifier: BSD-3-Clause
// The table behind find_fid(): one row a function of fids.def and an index by function number, both
// built by the compiler.
#include "ffa/fid.hpp"

#include <array>
#include <cstddef>

namespace ffa {
namespace {

struct NameText {
  char text[40]{};
};

/// "mem_share" -> "FFA_MEM_SHARE". A name that does not fit is no constant expression and does not
/// compile.
template <size_t size>
consteval NameText spec_name(const char (&name)[size]) {
  constexpr char prefix[] = {'F', 'F', 'A', '_'};
  NameText result;
  size_t length = 0;
  for (const char c : prefix) result.text[length++] = c;
  for (size_t i = 0; i + 1 < size; ++i) {
    const bool lower = name[i] >= 'a' && name[i] <= 'z';
    result.text[length++] = static_cast<char>(lower ? name[i] - 'a' + 'A' : name[i]);
  }
  return result;
}

constexpr NameText names[] = {
#define FFA_FID(name, number, has32, has64, since) spec_name(#name),
#include "ffa/fids.def"
#undef FFA_FID
};

enum Row : size_t {
#define FFA_FID(name, number, has32, has64, since) row_##name,
#include "ffa/fids.def"
#undef FFA_FID
};

constexpr FidInfo rows[] = {
#define FFA_FID(name, number, has32, has64, since) \
  {Fid::name, number, has32, has64, since, names[row_##name].text},
#include "ffa/fids.def"
#undef FFA_FID
};

consteval auto index_by_number() {
  std::array<const FidInfo*, last_fid_number - first_fid_number + 1> index{};
  for (const FidInfo& row : rows) index[row.number - first_fid_number] = &row;
  return index;
}
constexpr auto index = index_by_number();

}  // namespace

const FidInfo* find_fid(uint32_t number) {
  if (number < first_fid_number || number > last_fid_number) return nullptr;
  return index[number - first_fid_number];
}

}  // namespace ffa
