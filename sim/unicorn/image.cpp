// SPDX-License-Identifier: BSD-3-Clause
#include "sim/unicorn/image.hpp"

#include <cxxabi.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "ports/unicorn/image_abi.hpp"
#include "sim/emulator/elf_symbols.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::unicorn {
namespace {

constexpr uint64_t max_segment_bytes = 16ULL << 20;
constexpr size_t max_segments = 16;

struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};

/// A function's name without result, parameters and template arguments: "mediator::mem_share".
std::string readable(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(symbol, nullptr, nullptr, &status), std::free);
  if (status != 0 || !demangled) return symbol;
  const std::string_view text = demangled.get();
  constexpr std::string_view unnamed = "(anonymous namespace)";
  std::string name;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (depth == 0 && text.substr(i).starts_with(unnamed)) {
      name += unnamed;
      i += unnamed.size() - 1;
      continue;
    }
    if (text[i] == '(' && depth == 0) break;
    if (text[i] == '>') --depth;
    if (depth == 0 && text[i] != '>' && text[i] != '<') name.push_back(text[i]);
    if (text[i] == '<') ++depth;
    if (text[i] == ' ' && depth == 0) name.clear();
  }
  return name;
}

/// Reads one file; each refusal names it.
class Reader {
 public:
  Reader(const std::string& file, int descriptor) : file_(file) {
    if (elf_version(EV_CURRENT) == EV_NONE) refuse("libelf is older than its header");
    elf_.reset(elf_begin(descriptor, ELF_C_READ, nullptr));
    if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF) refuse("not an ELF file");
    raw_ = elf_rawfile(elf_.get(), &raw_bytes_);
    if (raw_ == nullptr) refuse(elf_errmsg(-1));
    check_header();
  }

  std::vector<Segment> segments() const {
    size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0) refuse(elf_errmsg(-1));
    std::vector<Segment> segments;
    for (size_t n = 0; n < count; ++n) {
      GElf_Phdr header;
      if (gelf_getphdr(elf_.get(), static_cast<int>(n), &header) == nullptr) refuse(elf_errmsg(-1));
      if (header.p_type != PT_LOAD || header.p_memsz == 0) continue;
      segments.push_back(segment(header));
      if (segments.size() > max_segments) refuse("too many segments");
    }
    if (segments.empty()) refuse("nothing to load in it");
    std::sort(segments.begin(), segments.end(),
              [](const Segment& a, const Segment& b) { return a.address < b.address; });
    for (size_t n = 1; n < segments.size(); ++n) {
      if (segments[n - 1].address + segments[n - 1].bytes.size() > segments[n].address)
        refuse(fmt::format("two segments share the page at {:#x}", segments[n].address));
    }
    return segments;
  }

  /// Calls visit(name, symbol) for each symbol that is defined.
  template <class Visit>
  void symbols(Visit visit) const {
    emulator::for_each_symbol(elf_.get(), [this](const char* why) { refuse(why); }, visit);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw InputError(file_, why); }

  void check_header() const {
    GElf_Ehdr header;
    if (gelf_getehdr(elf_.get(), &header) == nullptr) refuse(elf_errmsg(-1));
    const bool fits = header.e_ident[EI_CLASS] == ELFCLASS64 &&
                      header.e_ident[EI_DATA] == ELFDATA2LSB && header.e_machine == EM_AARCH64;
    if (!fits) refuse("not for AArch64, little-endian");
    if (header.e_type != ET_EXEC) refuse("not linked to run at a fixed address");
  }

  Segment segment(const GElf_Phdr& header) const {
    if (header.p_filesz > header.p_memsz || header.p_offset > raw_bytes_ ||
        header.p_filesz > raw_bytes_ - header.p_offset)
      refuse(fmt::format("the segment at {:#x} leaves the file", header.p_vaddr));
    if (header.p_vaddr % page_bytes != 0)
      refuse(fmt::format("the segment at {:#x} does not begin with a page", header.p_vaddr));
    if (header.p_memsz > max_segment_bytes || header.p_vaddr < ports::unicorn::image_begin ||
        header.p_vaddr > ports::unicorn::image_end - max_segment_bytes)
      refuse(fmt::format("the segment at {:#x} does not lie in {:#x}..{:#x}", header.p_vaddr,
                         ports::unicorn::image_begin, ports::unicorn::image_end));
    Segment segment;
    segment.address = header.p_vaddr;
    segment.writable = (header.p_flags & PF_W) != 0;
    segment.executable = (header.p_flags & PF_X) != 0;
    if (segment.writable && segment.executable)
      refuse(fmt::format("the segment at {:#x} is both code and data", header.p_vaddr));
    segment.bytes.resize((header.p_memsz + page_bytes - 1) / page_bytes * page_bytes);
    std::memcpy(segment.bytes.data(), raw_ + header.p_offset, header.p_filesz);
    return segment;
  }

  const std::string& file_;
  std::unique_ptr<Elf, CloseElf> elf_;
  const char* raw_ = nullptr;
  size_t raw_bytes_ = 0;
};

}  // namespace

Image::Image(const std::string& file) : file_(file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw InputError(file, std::strerror(errno));
  const std::unique_ptr<const int, void (*)(const int*)> close_it(
      &descriptor, [](const int* open_one) { (void)close(*open_one); });
  const Reader reader(file_, descriptor);
  segments_ = reader.segments();
  reader.symbols([this](const char* name, const GElf_Sym& symbol) {
    if (GELF_ST_BIND(symbol.st_info) != STB_LOCAL) symbols_[name] = symbol.st_value;
    if (GELF_ST_TYPE(symbol.st_info) == STT_FUNC) {
      functions_[symbol.st_value] = {symbol.st_size, readable(name)};
    }
  });
  check_abi_version();
}

void Image::check_abi_version() const {
  const uint64_t address = symbol("image_abi_version");
  std::optional<uint32_t> version;
  for (const Segment& segment : segments_) {
    uint32_t word = 0;
    if (address < segment.address || address - segment.address > segment.bytes.size() - sizeof word)
      continue;
    std::memcpy(&word, segment.bytes.data() + (address - segment.address), sizeof word);
    version = word;
  }
  if (!version) throw InputError(file_, "image_abi_version lies outside what is loaded");
  if (*version != ports::unicorn::abi_version) {
    throw InputError(file_, fmt::format("speaks version {} of the image's ABI, not {}", *version,
                                        ports::unicorn::abi_version));
  }
}

uint64_t Image::symbol(const std::string& name) const {
  const auto found = symbols_.find(name);
  if (found == symbols_.end()) throw InputError(file_, fmt::format("has no symbol {}", name));
  return found->second;
}

Extent Image::function(const std::string& name) const {
  const auto known = symbols_.find(name);
  if (known == symbols_.end()) return {};
  const auto function = functions_.find(known->second);
  return function == functions_.end() ? Extent{} : Extent{function->first, function->second.bytes};
}

std::string Image::describe(uint64_t address) const {
  const auto behind = functions_.upper_bound(address);
  if (behind == functions_.begin()) return fmt::format("{:#x}", address);
  const auto& [begin, function] = *std::prev(behind);
  if (address - begin >= std::max<uint64_t>(function.bytes, 1))
    return fmt::format("{:#x}", address);
  return fmt::format("{}+{:#x}", function.name, address - begin);
}

}  // namespace sim::unicorn
