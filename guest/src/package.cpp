// SPDX-License-Identifier: BSD-3-Clause
// The reader of packages: every number is 8 bytes, little-endian; a list is its length and its
// elements; bytes are a length and the bytes, padded with zeros to a multiple of 8.
#include "guest/package.hpp"

#include <limits>

#include "guest/program.hpp"
#include "guest/words.hpp"

namespace guest {
namespace {

constexpr size_t run_words = 5;
constexpr uint64_t page = ffa::page_size;
/// Stage 2 of the port resolves so many bits of an IPA.
constexpr unsigned ipa_bits = 48;

/// The first mistake stays; everything read after it is 0 or empty.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  void fail(PackageError error) {
    if (error_ == PackageError::none) error_ = error;
  }
  [[nodiscard]] PackageError error() const { return error_; }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  uint64_t word() {
    const auto taken = take(word_bytes);
    return taken.empty() ? 0 : word_at(taken, 0);
  }
  template <class T>
  T number(uint64_t largest = std::numeric_limits<T>::max()) {
    const uint64_t value = word();
    if (value <= largest) return static_cast<T>(value);
    fail(PackageError::bad_field);
    return T{};
  }
  bool flag() { return number<uint8_t>(1) != 0; }
  size_t count(size_t largest) {
    const uint64_t value = word();
    if (value <= largest) return value;
    fail(PackageError::too_many);
    return 0;
  }
  std::span<const std::byte> take(uint64_t length) {
    if (error_ != PackageError::none) return {};
    if (length > bytes_.size() - at_) {
      fail(PackageError::truncated);
      return {};
    }
    const auto taken = bytes_.subspan(at_, length);
    at_ += length;
    return taken;
  }
  std::span<const std::byte> blob() {
    const auto bytes = take(word());
    for (const std::byte pad : take((word_bytes - bytes.size() % word_bytes) % word_bytes)) {
      if (pad != std::byte{0}) fail(PackageError::bad_field);
    }
    return bytes;
  }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  PackageError error_ = PackageError::none;
};

void read_mediator(Reader& in, PackedMediator& to) {
  to.max_vms = in.number<uint16_t>();
  to.max_partitions = in.number<uint16_t>();
  to.spmc_buffer_pages = in.number<uint16_t>();
  to.max_version = in.number<uint32_t>();
  to.npi_id = in.number<uint32_t>();
  to.sri_id = in.number<uint32_t>();
  to.vm_message_handle = in.word();
  to.vm_message_retries = in.number<uint16_t>();
  to.reclaim_retries = in.number<uint16_t>();
  to.allow_hvc = in.flag();
  to.fragment_retries = in.number<uint16_t>();
  to.fragment_handles = in.number<uint8_t>(2);
  to.refused_fragment_ends_send = in.flag();
}

PackedSp read_sp(Reader& in) {
  PackedSp sp;
  sp.id = in.number<uint16_t>();
  sp.kind = in.number<uint8_t>(3);
  const uint64_t low = in.word();
  const uint64_t high = in.word();
  sp.uuid = ffa::Uuid::from_dwords(low, high);
  sp.contexts = in.number<uint16_t>();
  sp.properties = in.number<uint32_t>();
  sp.threads = in.number<uint16_t>();
  sp.sessions = in.number<uint16_t>();
  return sp;
}

void read_spmc(Reader& in, PackedSpmc& to) {
  to.absent = in.flag();
  to.personality = in.blob();
  to.version = in.number<uint32_t>();
  to.max_shares = in.number<uint32_t>();
  to.max_vms = in.number<uint16_t>();
  to.per_vcpu_notifications = in.flag();
  to.missing_count = in.count(to.missing.size());
  for (size_t n = 0; n < to.missing_count; ++n) to.missing[n] = in.number<uint32_t>();
  to.sp_count = in.count(to.sps.size());
  for (size_t n = 0; n < to.sp_count; ++n) to.sps[n] = read_sp(in);
}

PackedVm read_vm(Reader& in) {
  PackedVm vm;
  vm.id = in.number<uint16_t>(0x7fff);
  vm.tee = in.number<uint8_t>(1);
  vm.vcpus = in.number<uint16_t>();
  vm.aarch64 = in.flag();
  vm.visible_to_vms = in.flag();
  vm.overlapping_shares = in.flag();
  vm.max_version = in.number<uint32_t>();
  vm.max_shares = in.number<uint16_t>();
  vm.max_share_pages = in.number<uint32_t>();
  vm.max_ranges = in.number<uint32_t>();
  vm.max_rxtx_pages = in.number<uint16_t>();
  vm.max_borrowers = in.number<uint8_t>();
  vm.max_transfers = in.number<uint16_t>();
  vm.lends = in.flag();
  vm.borrow_base = in.number<uint64_t>();
  vm.borrow_pages = in.number<uint64_t>();
  vm.reaches_sps = in.flag();
  const uint64_t uuid_low = in.word();
  vm.uuid = ffa::Uuid::from_dwords(uuid_low, in.word());
  for (uint16_t& peer : vm.peers) peer = in.number<uint16_t>();
  return vm;
}

/// The range [start, start + pages) of whole pages lies in [low, low + length).
bool inside(uint64_t start, uint64_t pages, uint64_t low, uint64_t length) {
  return start % page == 0 && start >= low && start - low <= length &&
         pages <= (length - (start - low)) / page;
}

bool good_run(const PackedRun& run, const Package& package) {
  constexpr uint8_t device = 3;
  const bool block =
      run.block == 0 || run.block == page || run.block == 2ULL << 20 || run.block == 1ULL << 30;
  const bool placed = run.kind == device
                          ? run.pa % page == 0 && run.pa >> 48 == 0
                          : inside(run.pa, run.pages, package.ram_base, package.ram_size);
  return block && placed && run.pages != 0 && run.kind >= 1 && run.kind <= 4 &&
         inside(run.ipa, run.pages, 0, uint64_t{1} << ipa_bits);
}

PackedLayout read_layout(Reader& in, const Package& package) {
  PackedLayout layout;
  layout.vm = in.number<uint16_t>();
  const uint64_t runs = in.word();
  if (runs > std::numeric_limits<uint32_t>::max()) {
    in.fail(PackageError::too_many);
    return layout;
  }
  layout.words = in.take(runs * run_words * word_bytes);
  for (size_t n = 0; n < layout.runs(); ++n) {
    const uint64_t kind = word_at(layout.words, (n * run_words + 3) * word_bytes);
    if (kind > 4 || !good_run(layout.run(n), package)) in.fail(PackageError::bad_field);
  }
  return layout;
}

PackedFault read_fault(Reader& in) {
  PackedFault fault;
  fault.op = static_cast<FaultOp>(in.number<uint8_t>(static_cast<uint8_t>(FaultOp::map_into)));
  fault.matches_function = in.flag();
  fault.function = in.number<uint32_t>();
  fault.nth = in.word();
  fault.has_status = in.flag();
  fault.status = static_cast<int32_t>(in.number<uint32_t>());
  fault.has_regs = in.flag();
  for (uint64_t& x : fault.regs.x) x = in.word();
  fault.execute = in.flag();
  fault.armed = in.flag();
  return fault;
}

void read_boot(Reader& in, PackedBoot& to) {
  to.vm = in.number<uint16_t>(0x7fff);
  to.entry = in.word();
  to.x0 = in.word();
  to.file_count = in.count(to.files.size());
  for (size_t n = 0; n < to.file_count; ++n) {
    to.files[n].ipa = in.word();
    to.files[n].bytes = in.blob();
  }
}

std::span<const std::byte> read_program(Reader& in, ProgramKind kind) {
  const auto code = in.blob();
  if (in.error() != PackageError::none) return {};
  const auto program = Program::open(code);
  if (!program.ok() || program->kind() != kind) in.fail(PackageError::bad_program);
  return code;
}

}  // namespace

size_t PackedLayout::runs() const { return words.size() / (run_words * word_bytes); }

PackedRun PackedLayout::run(size_t index) const {
  const auto field = [&](size_t n) { return word_at(words, (index * run_words + n) * word_bytes); };
  return {field(0), field(1), field(2), static_cast<uint8_t>(field(3)), field(4)};
}

ffa::Result<void, PackageError> Package::open(std::span<const std::byte> bytes, Package& to) {
  to = {};
  Reader in{bytes};
  if (in.word() != package_magic) in.fail(PackageError::bad_magic);
  if (in.word() != package_version) in.fail(PackageError::bad_version);
  to.pcpus = in.number<uint16_t>();
  to.ram_base = in.word();
  to.ram_size = in.word();
  to.own_tx_pa = in.word();
  to.own_rx_pa = in.word();
  read_mediator(in, to.mediator);
  const uint64_t own_pages = to.mediator.spmc_buffer_pages;
  for (const uint64_t own : {to.own_tx_pa, to.own_rx_pa}) {
    if (!inside(own, own_pages, to.ram_base, to.ram_size)) in.fail(PackageError::bad_field);
  }
  read_spmc(in, to.spmc);
  to.vm_count = in.count(to.vms.size());
  for (size_t n = 0; n < to.vm_count; ++n) to.vms[n] = read_vm(in);
  to.layout_count = in.count(to.layouts.size());
  for (size_t n = 0; n < to.layout_count; ++n) to.layouts[n] = read_layout(in, to);
  to.fault_count = in.count(to.faults.size());
  for (size_t n = 0; n < to.fault_count; ++n) to.faults[n] = read_fault(in);
  to.program_count = in.count(to.programs.size());
  for (size_t n = 0; n < to.program_count; ++n) {
    PackedProgram& program = to.programs[n];
    program.vm = in.number<uint16_t>();
    program.vcpu = in.number<uint16_t>();
    program.code = read_program(in, ProgramKind::guest);
  }
  to.control = read_program(in, ProgramKind::control);
  read_boot(in, to.boot);
  if (!in.at_end()) in.fail(PackageError::left_over);
  if (in.error() != PackageError::none) return ffa::Error{in.error()};
  return {};
}

}  // namespace guest
