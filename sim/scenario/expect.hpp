// SPDX-License-Identifier: BSD-3-Clause
// Expectations as the compiler leaves them: typed, names resolved, conditions on variables already
// decided. Judged by judge.hpp. Each keeps its JSON pointer, so that a failure names the line that
// asked for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "guest/program.hpp"

namespace sim::scenario {

/// A number that may depend on saved values, or anything at all.
struct ExpectedNumber {
  bool any = false;
  guest::Operand value;
};

struct ExpectedRegister {
  uint8_t reg = 0;
  bool wide = true;  ///< all 64 bits; else the low 32, the upper ones are not looked at
  ExpectedNumber value;
  std::string key;  ///< as written: "w2"
};

/// What w0 may say: a status of the call (0 success), or one function id.
struct ExpectedReply {
  enum class Kind : uint8_t { success, any_error, status, function } kind = Kind::success;
  int32_t status = 0;
  uint32_t function = 0;
};

struct ExpectedMemory {
  std::string pointer;
  std::string place;  ///< "vm1:0x40001000"
  uint32_t dump = 0;
  bool unmapped = false;
  std::vector<uint8_t> bytes;
};

struct ExpectedFact {
  std::string name;
  std::string value;
};

struct ExpectedState {
  std::string pointer;
  uint32_t dump = 0;
  std::vector<ExpectedFact> facts;
};

struct ExpectedReceiver {
  uint16_t id = 0;
  std::optional<uint8_t> permissions;
  std::optional<uint8_t> flags;
  std::optional<std::vector<uint64_t>> impdef;
};

/// A list of pages that the SPMC must have been told, in order; from a VM's ranges by dumps, or as
/// given.
struct ExpectedRanges {
  std::vector<uint32_t> translations;                    ///< dumps, in order
  std::vector<std::pair<uint64_t, uint64_t>> pa_ranges;  ///< address, pages
};

/// What one SMC carried.
struct ExpectedSmc {
  std::string pointer;
  std::optional<uint32_t> function;
  std::vector<ExpectedRegister> registers;
  std::optional<std::string> layout;
  std::optional<uint16_t> sender;
  std::optional<uint64_t> attributes, flags, handle, tag, total_page_count, range_count, length;
  std::optional<std::vector<ExpectedReceiver>> receivers;
  std::optional<ExpectedRanges> ranges;
};

struct ExpectedEntry {
  uint16_t id = 0;
  std::optional<uint64_t> contexts, properties;
  std::optional<std::vector<uint8_t>> uuid;
};

struct ExpectedIrq {
  uint16_t vm = 0;
  uint16_t vcpu = 0;
  uint32_t irq = 0;
};

struct ExpectedRx {
  uint32_t dump = 0;
  std::vector<uint8_t> prefix;
  std::optional<uint64_t> zero_from;
};

/// A field of an argument structure: its place, as find_optee_field() says.
struct ExpectedTeeField {
  std::string name;
  uint32_t offset = 0;
  uint32_t width = 0;
  ExpectedNumber value;
};

/// How a request to an OP-TEE-like service came back.
struct ExpectedTee {
  std::string pointer;
  std::optional<ExpectedNumber> code;  ///< w3
  std::optional<uint64_t> returned;    ///< w4
  uint32_t dump = 0;
  std::vector<ExpectedTeeField> fields;
};

/// A call of a program from outside, and its answer.
struct ExpectedCall {
  std::string pointer;
  uint32_t function = 0;
  std::vector<ExpectedReply> replies;
  std::vector<ExpectedRegister> registers;
};

/// What must come of a step that runs a program from outside.
struct ExpectedImage {
  std::optional<std::string> ends;     ///< as image_end_name() says
  std::optional<std::string> why;      ///< it is broken: the reason contains this
  std::optional<std::string> console;  ///< what the endpoint has printed so far contains this
  std::optional<std::vector<ExpectedCall>> calls;  ///< all, in order
};

/// One expectation of a step. What is silent is not judged.
struct Expectation {
  std::string pointer;
  std::optional<bool>
      when_fault_fired;  ///< fits only if a fault of the world fired, or only if none did
  std::vector<ExpectedReply> replies;  ///< any of these; empty: not judged
  std::vector<ExpectedRegister> registers;
  std::optional<std::string> rule;
  std::optional<std::string> result;
  std::optional<int32_t> sp_status;     ///< first payload word of the SP's answer
  std::optional<ExpectedNumber> value;  ///< second and third payload word
  std::optional<ExpectedTee> tee;
  std::optional<bool> fault;  ///< of the guest's own access; silent: there must be none
  bool any_fault = false;     ///< one or none
  std::optional<bool> waits;  ///< the call has not come back when all is over
  std::optional<uint64_t> count;
  std::optional<std::vector<ExpectedEntry>> entries;
  uint32_t entries_dump = 0;  ///< RX for `entries`; not used by the register form
  std::optional<ExpectedRx> rx;
  std::optional<uint64_t> spmc_calls;
  std::optional<std::vector<uint32_t>> spmc_functions;
  std::optional<uint64_t> spmc_pages;
  std::optional<ExpectedSmc> smc;  ///< the one of its function, or the first memory call
  std::optional<std::vector<ExpectedSmc>> smcs;  ///< all, in order
  std::optional<std::vector<ExpectedIrq>> irqs;
  std::vector<ExpectedMemory> memory;
  std::optional<ExpectedState> state;
  ExpectedImage image;
};

/// What an endpoint has printed: contains `text`.
struct ExpectedConsole {
  std::string pointer;
  std::string endpoint;
  std::string text;
};

/// What must be true at the end.
struct FinalExpectation {
  std::string pointer;
  std::optional<bool> when_fault_fired;
  std::optional<ExpectedState> state;
  std::vector<ExpectedMemory> memory;
  std::optional<std::vector<ExpectedIrq>> irqs;
  std::optional<uint64_t> max_log_lines;
  std::vector<ExpectedConsole> consoles;
  bool all_invariants = true;
  std::vector<std::string> invariants;  ///< those judged where not all are
};

}  // namespace sim::scenario
