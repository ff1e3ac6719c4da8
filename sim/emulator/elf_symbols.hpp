// SPDX-License-Identifier: BSD-3-Clause
// The symbols of ELF files that run in the emulator.
#pragma once

#include <gelf.h>

#include <cstddef>

namespace sim::emulator {

/// Far more than any image has: a table that says more is broken.
inline constexpr size_t max_symbols = 1 << 20;

/// Calls visit(name, symbol) for each symbol that is defined. `refuse` takes the reason why the
/// file can't be read, and does not return.
template <class Refuse, class Visit>
void for_each_symbol(Elf* elf, Refuse refuse, Visit visit) {
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) refuse(elf_errmsg(-1));
    if (header.sh_type != SHT_SYMTAB || header.sh_entsize == 0) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    const size_t count = header.sh_size / header.sh_entsize;
    if (data == nullptr || count > max_symbols) refuse("its symbol table can't be read");
    for (size_t n = 0; n < count; ++n) {
      GElf_Sym symbol;
      if (gelf_getsym(data, static_cast<int>(n), &symbol) == nullptr) continue;
      const char* const name = elf_strptr(elf, header.sh_link, symbol.st_name);
      if (symbol.st_shndx != SHN_UNDEF && name != nullptr && *name != '\0') visit(name, symbol);
    }
  }
}

}  // namespace sim::emulator
