// SPDX-License-Identifier: BSD-3-Clause
#include "sim/endpoint/image.hpp"

#include <fmt/format.h>
#include <gelf.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "sim/emulator/elf_symbols.hpp"
#include "sim/endpoint/find.hpp"
#include "sim/engine/input_error.hpp"

namespace sim::endpoint {
namespace {

constexpr size_t max_file_bytes = size_t{256} << 20;
constexpr size_t max_segments = 64;

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};

std::vector<std::byte> read_file(const std::string& file) {
  const std::unique_ptr<std::FILE, CloseFile> open(std::fopen(file.c_str(), "rbe"));
  if (!open) throw InputError(file, std::strerror(errno));
  std::vector<std::byte> bytes;
  constexpr size_t chunk = size_t{64} << 10;
  for (size_t got = chunk; got == chunk;) {
    const size_t before = bytes.size();
    if (before > max_file_bytes) throw InputError(file, "larger than 256 MiB");
    bytes.resize(before + chunk);
    got = std::fread(bytes.data() + before, 1, chunk, open.get());
    bytes.resize(before + got);
  }
  if (std::ferror(open.get()) != 0) throw InputError(file, std::strerror(errno));
  if (bytes.empty()) throw InputError(file, "is empty");
  return bytes;
}

/// One ELF file in memory; each refusal names it.
class ElfFile {
 public:
  ElfFile(const std::string& file, std::vector<std::byte> bytes)
      : file_(file), bytes_(std::move(bytes)) {
    if (elf_version(EV_CURRENT) == EV_NONE) refuse("libelf is older than its header");
    elf_.reset(elf_memory(reinterpret_cast<char*>(bytes_.data()), bytes_.size()));
    if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF) {
      refuse("not an ELF file; a raw image needs `load`, the address where it lies");
    }
    if (gelf_getehdr(elf_.get(), &header_) == nullptr) refuse(elf_errmsg(-1));
    const bool fits = header_.e_ident[EI_CLASS] == ELFCLASS64 &&
                      header_.e_ident[EI_DATA] == ELFDATA2LSB && header_.e_machine == EM_AARCH64;
    if (!fits) refuse("not for AArch64, little-endian");
    if (header_.e_type != ET_EXEC) refuse("not linked to run at a fixed address");
  }

  /// With the MMU off it is a physical address, too.
  [[nodiscard]] uint64_t entry() {
    std::optional<uint64_t> entry;
    loaded([this, &entry](size_t /*number*/, const GElf_Phdr& segment) {
      const uint64_t offset = header_.e_entry - segment.p_vaddr;
      if (offset < segment.p_memsz) entry = segment.p_paddr + offset;
    });
    if (!entry) {
      refuse(fmt::format("its entry {:#x} lies in no segment; it needs `entry`", header_.e_entry));
    }
    return *entry;
  }

  template <class Take>
  void segments(Take take) {
    loaded([this, &take](size_t number, const GElf_Phdr& segment) {
      if (segment.p_filesz > segment.p_memsz || segment.p_offset > bytes_.size() ||
          segment.p_filesz > bytes_.size() - segment.p_offset) {
        refuse(fmt::format("segment {} leaves the file", number));
      }
      const auto first = bytes_.begin() + static_cast<std::ptrdiff_t>(segment.p_offset);
      // With the MMU off an address is a physical one.
      take(Piece{segment.p_paddr,
                 {first, first + static_cast<std::ptrdiff_t>(segment.p_filesz)},
                 segment.p_memsz - segment.p_filesz,
                 fmt::format("segment {}", number)});
    });
  }

  template <class Visit>
  void symbols(Visit visit) const {
    emulator::for_each_symbol(elf_.get(), [this](const char* why) { refuse(why); }, visit);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const { throw InputError(file_, why); }

  /// Each segment that is loaded, with its number.
  template <class Visit>
  void loaded(Visit visit) {
    size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0) refuse(elf_errmsg(-1));
    if (count > max_segments) refuse("too many segments");
    for (size_t n = 0; n < count; ++n) {
      GElf_Phdr segment;
      if (gelf_getphdr(elf_.get(), static_cast<int>(n), &segment) == nullptr) {
        refuse(elf_errmsg(-1));
      }
      if (segment.p_type == PT_LOAD && segment.p_memsz != 0) visit(n, segment);
    }
  }

  const std::string& file_;
  std::vector<std::byte> bytes_;
  std::unique_ptr<Elf, CloseElf> elf_;
  GElf_Ehdr header_{};
};

}  // namespace

Image::Image(const ImageSpec& spec) : file_(path_of(spec)) {
  std::vector<std::byte> bytes = read_file(file_);
  if (spec.load) {
    entry_ = *spec.load;
    add({*spec.load, std::move(bytes), 0, "image"});
  } else {
    ElfFile elf(file_, std::move(bytes));
    elf.segments([this](Piece piece) { add(std::move(piece)); });
    if (pieces_.empty()) throw InputError(file_, "nothing to load in it");
    if (!spec.entry) entry_ = elf.entry();
    elf.symbols(
        [this](const char* name, const GElf_Sym& symbol) { symbols_[name] = symbol.st_value; });
  }
  if (spec.entry) entry_ = *spec.entry;
  if (!spec.manifest.empty()) {
    add({spec.manifest_at, read_file(spec.manifest), 0, "manifest " + spec.manifest});
  }
}

void Image::add(Piece piece) {
  if (piece.size() > max_piece_bytes || piece.address + piece.size() < piece.address) {
    throw InputError(file_, fmt::format("{} at {:#x} has {:#x} bytes, more than 64 MiB", piece.name,
                                        piece.address, piece.size()));
  }
  for (const Piece& other : pieces_) {
    if (piece.address < other.address + other.size() &&
        other.address < piece.address + piece.size()) {
      throw InputError(file_, fmt::format("{} at {:#x} overlaps {} at {:#x}", piece.name,
                                          piece.address, other.name, other.address));
    }
  }
  pieces_.push_back(std::move(piece));
}

std::optional<uint64_t> Image::symbol(const std::string& name) const {
  const auto found = symbols_.find(name);
  return found == symbols_.end() ? std::nullopt : std::optional{found->second};
}

namespace {

struct Stretch {
  uint64_t begin;
  uint64_t end;
};

/// Each piece lies in memory that can hold it.
void check_place(const ImageSpec& spec, std::vector<Stretch> memory, const std::string& whose) {
  const Image image{spec};
  for (const PrivateMemory& own : spec.memory) {
    memory.push_back({own.address, own.address + own.size});
  }
  std::sort(memory.begin(), memory.end(),
            [](const Stretch& a, const Stretch& b) { return a.begin < b.begin; });
  for (const Piece& piece : image.pieces()) {
    uint64_t at = piece.address;
    for (const Stretch& part : memory) {
      if (part.begin <= at && at < part.end) at = part.end;
    }
    if (at < piece.address + piece.size()) {
      throw InputError(image.file(),
                       fmt::format("{} at {:#x} needs memory at {:#x}, where {} has none",
                                   piece.name, piece.address, at, whose));
    }
  }
  const auto inside = [&image](const Stretch& part) {
    return part.begin <= image.entry() && image.entry() < part.end;
  };
  if (std::none_of(memory.begin(), memory.end(), inside)) {
    throw InputError(image.file(),
                     fmt::format("its entry {:#x} lies in no memory of {}", image.entry(), whose));
  }
}

}  // namespace

std::string why_not(const WorldSpec& world) {
  const auto missing = [](const auto& endpoints) -> std::string {
    for (const auto& endpoint : endpoints) {
      if (!endpoint.image || find_image(*endpoint.image)) continue;
      try {
        (void)path_of(*endpoint.image);
      } catch (const MissingTool& error) {
        return error.what();
      }
    }
    return {};
  };
  const std::string of_vms = missing(world.vms);
  return of_vms.empty() ? missing(world.sps) : of_vms;
}

void check_images(const WorldSpec& world) {
  for (const VmSpec& vm : world.vms) {
    if (!vm.image || vm.image->runs_steps) continue;
    std::vector<Stretch> memory;
    for (const RegionSpec& region : vm.memory) {
      const bool writable = region.kind == RegionKind::ram_rw || region.kind == RegionKind::foreign;
      if (writable) memory.push_back({region.ipa, region.ipa + region.size});
    }
    check_place(*vm.image, std::move(memory), vm.name);
  }
  for (const SpSpec& sp : world.sps) {
    if (sp.image) check_place(*sp.image, {}, sp.name);
  }
}

}  // namespace sim::endpoint
